use super::*;

fn off_tick() -> Refusal {
    let message = "price 71550 is not on the 100 KRW tick; try 71500 or 71600";
    Refusal::new(Code::InvalidArgument, "PRICE_NOT_ON_TICK", message)
        .field("order.price")
        .with("price", 71_550)
        .with("step", 100)
}

#[test]
fn a_refusal_comes_back_from_its_status() {
    let cases = [
        off_tick(),
        off_tick().request_id("r-1").resource("instruments/005930"),
        Refusal::new(Code::Unavailable, "PARTITION_MOVING", "partition 3 has no leader now")
            .retry_after(Duration::from_millis(250)),
        Refusal::new(Code::NotFound, "ORDER_NOT_FOUND", "order 17 is not an order of this account")
            .resource("accounts/alice/orders/17"),
        Refusal::new(Code::ResourceExhausted, "OVERLOADED", ""),
    ];
    for refusal in cases {
        let status = Status::from(refusal.clone());
        assert_eq!(status.code(), refusal.code);
        assert_eq!(status.message(), refusal.message);
        assert_eq!(Refusal::from(&status), refusal);
    }
}

#[test]
fn the_details_are_those_of_google_rpc() {
    let details = off_tick()
        .request_id("r-1")
        .resource("accounts/alice/orders/17")
        .retry_after(Duration::from_secs(1))
        .to_status()
        .get_error_details();
    let info = details.error_info().expect("always there");
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("PRICE_NOT_ON_TICK", "hoga"));
    assert_eq!(info.metadata["price"], "71550");
    let violation = &details.bad_request().expect("a field is at fault").field_violations[0];
    assert_eq!(violation.field, "order.price");
    assert!(violation.description.contains("100 KRW tick"));
    let resource = details.resource_info().expect("a resource is named");
    assert_eq!(resource.resource_type, "hoga.v1/Order");
    assert_eq!(details.request_info().expect("an id is known").request_id, "r-1");
    assert_eq!(
        details.retry_info().expect("a retry helps").retry_delay,
        Some(Duration::from_secs(1))
    );
}

#[test]
fn what_a_refusal_does_not_say_is_not_in_its_details() {
    let details = Refusal::new(Code::Internal, "BUG", "x").to_status().get_error_details();
    assert!(details.error_info().is_some());
    assert!(details.bad_request().is_none());
    assert!(details.retry_info().is_none());
    assert!(details.resource_info().is_none());
    assert!(details.request_info().is_none());
}

#[test]
fn a_status_of_somebody_else_has_no_reason() {
    let plain = Refusal::from(&Status::unavailable("connection refused"));
    assert_eq!(plain, Refusal::new(Code::Unavailable, "", "connection refused"));
    assert_eq!(plain.to_string(), "Unavailable: connection refused");

    let mut details = ErrorDetails::new();
    details.set_error_info("QUOTA", "proxy.example", HashMap::new());
    let foreign = Status::with_error_details(Code::Aborted, "no", details);
    assert_eq!(Refusal::from(&foreign).reason, "");

    let garbled = Status::with_details(Code::Internal, "no", vec![0xff; 9].into());
    assert_eq!(Refusal::from(&garbled), Refusal::new(Code::Internal, "", "no"));
}

#[test]
fn long_details_are_left_out_before_a_header_overflows() {
    let refusal = off_tick().with("rows", "x".repeat(10_000));
    let status = refusal.to_status();
    assert!(status.details().len() <= DETAILS_BYTES_MAX, "{} bytes", status.details().len());
    let back = Refusal::from(&status);
    assert_eq!(back.reason, "PRICE_NOT_ON_TICK");
    assert!(back.metadata.is_empty());

    let mut refusal = off_tick();
    refusal.message = "호".repeat(10_000);
    let status = refusal.to_status();
    assert_eq!(status.message(), "호".repeat(MESSAGE_CHARS_MAX));
    assert!(status.details().len() <= DETAILS_BYTES_MAX, "{} bytes", status.details().len());
    assert_eq!(Refusal::from(&status).metadata["price"], "71550");
}

#[test]
fn a_malformed_field_is_named_with_its_rule() {
    let rule = crate::decimal::parse("1e5").expect_err("no exponents");
    let refusal = Refusal::malformed("order.price", rule);
    assert_eq!(refusal.field.as_deref(), Some("order.price"));
    let shown = refusal.to_string();
    assert!(shown.starts_with("MALFORMED: order.price: `1e5` is not a decimal"), "{shown}");
}

#[test]
fn a_refusal_goes_through_a_frame() {
    let refusal = off_tick().retry_after(Duration::from_millis(1_500));
    assert_eq!(Refusal::from_frame(refusal.to_frame()), refusal);
    let bare = Refusal::new(Code::NotFound, "ORDER_NOT_FOUND", "no such order");
    assert_eq!(Refusal::from_frame(bare.to_frame()), bare);
}
