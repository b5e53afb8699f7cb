//! How numbers of calls are told to people.
//! It must not know who tells them.

use rules::counts::ApiCalls;

#[test]
fn a_share_is_rounded_up_and_a_little_is_told_as_less_than_one_percent() {
    for (part, whole, percent, told) in [
        (0, 75, 0, "0 %"),
        (1, 1_000, 1, "<1 %"),
        (1, 100, 1, "1 %"),
        (1, 99, 2, "2 %"),
        (10, 1_000, 1, "1 %"),
        (75, 75, 100, "100 %"),
        (90, 75, 120, "120 %"),
    ] {
        let share = ApiCalls(part).share_of(ApiCalls(whole)).expect("there is a whole");
        assert_eq!((share.percent, share.to_string().as_str()), (percent, told), "{part} of {whole}");
    }
    assert_eq!(ApiCalls(1).share_of(ApiCalls(0)), None, "nothing has no share");
    assert_eq!(ApiCalls(5_000).to_string(), "5000");
}
