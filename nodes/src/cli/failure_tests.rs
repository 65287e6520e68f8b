use super::*;

fn exit_and_text(code: Code, reason: &str) -> (Exit, String) {
    let status = Refusal::new(code, reason, "price 1 is not on the 5 KRW tick").to_status();
    let failure = Failure::from(status);
    (failure.exit, failure.to_string())
}

#[test]
fn a_refusal_names_rule_and_reason() {
    let (exit, text) = exit_and_text(Code::InvalidArgument, "PRICE_NOT_ON_TICK");
    assert_eq!(exit, Exit::Refused);
    assert_eq!(
        text,
        "refused: price 1 is not on the 5 KRW tick (PRICE_NOT_ON_TICK)\n  \
         hint: hoga explain PRICE_NOT_ON_TICK"
    );
}

#[test]
fn codes_keep_their_exits() {
    for (code, exit) in [
        (Code::NotFound, Exit::NotFound),
        (Code::FailedPrecondition, Exit::Refused),
        (Code::AlreadyExists, Exit::Refused),
        (Code::PermissionDenied, Exit::Refused),
        (Code::Unauthenticated, Exit::Refused),
        (Code::ResourceExhausted, Exit::Unreachable),
        (Code::Unavailable, Exit::Unreachable),
        (Code::DeadlineExceeded, Exit::Unreachable),
        (Code::Internal, Exit::Failure),
    ] {
        assert_eq!(exit_and_text(code, "ANY").0, exit, "{code:?}");
    }
}

#[test]
fn an_unknown_outcome_says_how_to_find_out() {
    let lost = Failure::from(Status::deadline_exceeded("late")).of_change("cli-1");
    assert_eq!(lost.exit, Exit::Unreachable);
    assert!(lost.to_string().contains("`--id cli-1` does it once"), "{lost}");
    let busy = Refusal::new(Code::ResourceExhausted, "EXCHANGE_BUSY", "nothing was written");
    let busy = Failure::from(busy.to_status()).of_change("cli-1");
    assert_eq!(busy.exit, Exit::Unreachable);
    assert!(!busy.to_string().contains("--id"), "{busy}");
    let refused = Failure::from(Refusal::new(Code::NotFound, "X", "y").to_status());
    assert!(!refused.of_change("cli-1").to_string().contains("--id"));
}
