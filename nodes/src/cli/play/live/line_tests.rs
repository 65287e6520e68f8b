use super::is_certain;
use hoga_proto::status::Refusal;
use tonic::Code;

#[test]
fn only_a_reason_of_the_exchange_that_will_not_pass_is_an_answer() {
    let of = |code, reason: &str| is_certain(&Refusal::new(code, reason, "why"));
    assert!(of(Code::FailedPrecondition, "INSUFFICIENT_FUNDS"));
    assert!(of(Code::NotFound, "ORDER_NOT_FOUND"));
    assert!(of(Code::AlreadyExists, "ACCOUNT_EXISTS"));
    // Without a reason somebody else speaks: a proxy, or a line that broke.
    assert!(!of(Code::FailedPrecondition, ""));
    for code in [Code::Unavailable, Code::DeadlineExceeded, Code::Internal, Code::ResourceExhausted]
    {
        assert!(!of(code, "ANY_REASON"), "{code:?}");
    }
}
