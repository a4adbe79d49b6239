//! Numbers of the narrative against the tables and each other: NAR.

use super::{F2019, F2021, Fails, Holds, Unknown, Vector};

#[rustfmt::skip]
pub(super) const VECTORS: &[Vector] = &[
    ("NAR-01", F2021, "claim=9件@requests.received.total requests.received.total=9", Holds),
    ("NAR-01", F2021, "claim=9件@requests.received.total requests.received.total=8 requests.carried_in.total=1", Holds),
    ("NAR-01", F2021, "claim=2件@requests.received.total requests.received.total=3", Fails),
    ("NAR-01", F2021, "claim=2件@requests.received.total", Fails),
    ("NAR-01", F2021, "claim=~2件@requests.received.total requests.received.total=3", Holds),
    ("NAR-01", F2021, "claim=2件 requests.received.total=3", Holds),
    ("NAR-01", F2021, "claim=2件@requests.received.total requests.received.total=blank", Unknown),
    ("NAR-01", F2021, "claim=2件@requests.received.total requests.received.total=1 requests.carried_in.total=blank", Unknown),
    ("NAR-01", F2021, "claim=2件@requests.received.total requests.received.total=3 requests.carried_in.total=blank", Fails),
    ("NAR-01", F2021, "claim=2件@requests.received.total requests.*=missing", Holds),
    ("NAR-02", F2021, "claim=0件@requests.received.total", Holds),
    ("NAR-02", F2021, "claim=0件@requests.received.total requests.carried_in.total=1", Holds),
    ("NAR-02", F2021, "claim=0件@requests.received.total requests.received.total=3", Fails),
    ("NAR-02", F2021, "claim=0件@requests.received.total requests.received.total=/", Unknown),
    ("NAR-05", F2021, "parts=475条:159条+10条+6条+170条+130条", Holds),
    ("NAR-05", F2019, "parts=93项:60项+33项", Holds),
    ("NAR-05", F2021, "parts=326条:15条+235条+12条+42条+32条", Fails),
    ("NAR-05", F2021, "parts=382条:35条+80条+243条", Unknown),
    ("NAR-05", F2021, "parts!=382条:35条+80条+243条", Fails),
    ("NAR-05", F2021, "parts!=382条:35条+80条+~243条", Unknown),
    ("NAR-05", F2021, "parts=~300条:15条+335条", Holds),
    ("NAR-05", F2021, "parts=30条:15条+~335条", Unknown),
    ("NAR-05", F2021, "parts=30条:335次", Holds),
    ("NAR-05", F2021, "parts=90%:60%+40%", Holds),
];
