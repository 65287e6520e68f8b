/* Stands between a node and its system, where a fault is wanted that no signal makes: a sync that
 * fails or does not return, a wall clock that was stepped. What it does stands in a file of three
 * numbers that the test writes; all zero is nothing. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct orders {
    volatile int64_t fail_sync;
    volatile int64_t stall_sync;
    volatile int64_t clock_ns;
};

static struct orders none;
static struct orders *orders = &none;

__attribute__((constructor)) static void open_orders(void) {
    const char *path = getenv("HOGA_CHAOS_ORDERS");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *map = mmap(NULL, sizeof(struct orders), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (map != MAP_FAILED) orders = map;
}

static int may_sync(void) {
    while (orders->stall_sync) usleep(2000);
    if (!orders->fail_sync) return 0;
    errno = EIO;
    return -1;
}

int fsync(int file) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    return may_sync() ? -1 : real(file);
}

int fdatasync(int file) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    return may_sync() ? -1 : real(file);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, time);
    int64_t step = orders->clock_ns;
    if (failed || !step || clock != CLOCK_REALTIME) return failed;
    int64_t shifted = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec + step;
    time->tv_sec = shifted / 1000000000;
    time->tv_nsec = shifted % 1000000000;
    return 0;
}
