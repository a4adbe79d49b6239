//! Identity, structure and words: DOC and the rules of `prose`.

use super::{F2019, F2021, Fails, Holds, Vector};

#[rustfmt::skip]
pub(super) const VECTORS: &[Vector] = &[
    ("DOC-01", F2021, "year=2024", Holds),
    ("DOC-01", F2021, "title=", Fails),
    ("DOC-01", F2021, "agency=", Fails),
    ("DOC-01", F2021, "year=", Fails),
    ("DOC-02", F2021, "says=Period:2024 says=FileName:2024", Holds),
    ("DOC-02", F2021, "says=Period:2023", Fails),
    ("DOC-02", F2021, "says=FileName:2023", Fails),
    ("DOC-02", F2021, "says=FileName:2025 published=2025-01-17", Holds),
    ("DOC-02", F2021, "says=Narrative:2023", Holds),
    ("DOC-04", F2021, "called=Signature:枣庄市审批服务局 called=Narrative:市行政审批服务局", Holds),
    ("DOC-04", F2021, "called=Page:枣庄市人民政府办公室 called=FileName:某局", Holds),
    ("DOC-04", F2021, "called=Signature:枣庄市信访局", Fails),
    ("DOC-04", F2021, "called=Narrative:薛城区教育局", Fails),
    ("DOC-07", F2021, "sections=1,2,3,4,5,6,0", Holds),
    ("DOC-07", F2021, "sections=1,2,3,4,5", Fails),
    ("DOC-07", F2021, "sections=1,2,3,3,4,5,6", Fails),
    ("DOC-07", F2021, "sections=1,2,4,3,5,6", Fails),
    ("DOC-07", F2021, "sections=", Fails),
    ("DOC-07", F2021, "sections= year=2014 form=", Holds),
    ("DOC-10", F2021, "requests.*=missing note=TableAbsent:requests bare=3", Fails),
    ("DOC-10", F2021, "active.*=missing", Fails),
    ("DOC-10", F2021, "form=", Fails),
    ("DOC-10", F2021, "form= year=2014", Holds),
    ("DOC-10", F2021, "requests.*=missing note=RowWithoutFigures:received", Holds),
    ("DOC-11", F2021, "year=2021", Holds),
    ("DOC-11", F2019, "year=2020", Holds),
    ("DOC-11", F2019, "year=2023", Fails),
    ("DOC-11", F2021, "year=2020", Fails),
    ("DOC-11", F2021, "form=", Holds),
];
