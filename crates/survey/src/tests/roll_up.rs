//! Roll-ups against the truth.

use report::{Decimal, Form, FormId, Region, Year};

use super::county::{COUNTY, member};
use super::province::{Province, Random, Size, province, year};
use crate::{Counted, DoubtKind, Figures, Gap, Member, RollUp, Roster, Scope, ScopeSource, roll_up};

const SMALL: Size = Size { cities: 2, counties: 3, towns: 4, departments: 5 };
const LARGE: Size = Size { cities: 12, counties: 10, towns: 72, departments: 12 };

fn rolled_up(province: &Province, roster: Option<&Roster>) -> RollUp {
    roll_up(roster, &province.members, &province.region, year()).unwrap()
}

fn check(province: &Province) {
    let roster = Roster::parse(&province.csv).unwrap();
    let rolled_up = rolled_up(province, Some(&roster));
    assert_eq!(rolled_up.contributors.len(), province.contributors);
    assert_eq!(rolled_up.gaps.len(), province.gaps);
    for (sum, (expected, contributors, lacking)) in rolled_up.cells.iter().zip(&province.truth) {
        assert_eq!(sum.sum, Some(*expected), "{}", sum.id);
        assert_eq!((sum.contributors, sum.lacking), (*contributors, *lacking), "{}", sum.id);
        assert_eq!(sum.is_exact, *lacking == 0);
    }
    assert_eq!(rolled_up.cells.len(), province.truth.len());
}

#[test]
fn a_province_of_ten_thousand_agencies_adds_up() {
    let province = province(1, &LARGE, true);
    assert!(province.agencies > 10_000, "{}", province.agencies);
    check(&province);
}

#[test]
fn small_provinces_add_up_whatever_says_the_scope() {
    for seed in 0..60 {
        println!("seed {seed}");
        check(&province(seed, &SMALL, seed % 2 == 0));
    }
}

#[test]
fn the_order_of_the_reports_makes_no_difference() {
    for seed in 0..10 {
        println!("seed {seed}");
        let mut province = province(seed, &SMALL, true);
        let roster = Roster::parse(&province.csv).unwrap();
        let (with, without) = (rolled_up(&province, Some(&roster)), rolled_up(&province, None));
        Random(seed).shuffle(&mut province.members);
        assert_eq!(rolled_up(&province, Some(&roster)), with);
        assert_eq!(rolled_up(&province, None), without);
    }
}

fn county(government: Option<u32>, departments: &[(&str, u32)]) -> Vec<Member> {
    let (code, place) = COUNTY;
    let departments = departments.iter().map(|(name, received)| member(name, code, place, Some(*received)));
    let government = government.map(|received| member("滕州市人民政府", code, place, Some(received)));
    departments.chain(government).collect()
}

fn of_county(members: &[Member]) -> RollUp {
    let region = Region { code: COUNTY.0.into(), name: COUNTY.1.into() };
    roll_up(None, members, &region, year()).unwrap()
}

fn received(rolled_up: &RollUp) -> Option<Decimal> {
    let is_received = |sum: &&crate::Sum| sum.id.as_str() == "requests.received.total";
    rolled_up.cells.iter().find(is_received).unwrap().sum
}

const THREE: [(&str, u32); 3] = [("滕州市公安局", 3), ("滕州市教育局", 4), ("市民政局", 0)];

#[test]
fn a_government_that_covers_all_is_taken_to_cover_all() {
    let rolled_up = of_county(&county(Some(8), &THREE));
    assert_eq!(received(&rolled_up), Some(Decimal::from(7)));
    let whole = rolled_up.whole.unwrap();
    assert_eq!((whole.agency.as_str(), whole.scope), ("滕州市人民政府", None));
    let kinds: Vec<&DoubtKind> = rolled_up.doubts.iter().map(|doubt| &doubt.kind).collect();
    assert_eq!(kinds, [&DoubtKind::PresumedWhole]);
}

#[test]
fn a_government_with_less_than_those_below_speaks_for_its_office() {
    let rolled_up = of_county(&county(Some(6), &THREE));
    assert_eq!(received(&rolled_up), Some(Decimal::from(13)));
    assert_eq!(rolled_up.whole, None);
    let kinds: Vec<&DoubtKind> = rolled_up.doubts.iter().map(|doubt| &doubt.kind).collect();
    assert_eq!(kinds, [&DoubtKind::PresumedOwn]);
    assert_eq!(
        rolled_up.contributors.iter().filter(|contributor| contributor.how == Counted::OwnOffice).count(),
        1
    );
}

#[test]
fn what_a_government_says_of_its_scope_holds() {
    for (words, expected, scope) in [("全市", 7, Scope::Whole), ("本机关", 15, Scope::Own)] {
        let mut members = county(Some(8), &THREE);
        members.last_mut().unwrap().scopes = vec![words.into()];
        let rolled_up = of_county(&members);
        assert_eq!(received(&rolled_up), Some(Decimal::from(expected)), "{words}");
        assert_eq!(rolled_up.doubts, []);
        assert_eq!(rolled_up.whole.is_some(), scope == Scope::Whole);
    }
    let mut members = county(Some(8), &THREE);
    members.last_mut().unwrap().scopes = vec!["全市".into(), "本机关".into()];
    let kinds: Vec<DoubtKind> = of_county(&members).doubts.into_iter().map(|doubt| doubt.kind).collect();
    assert_eq!(kinds, [DoubtKind::Contradictory, DoubtKind::PresumedWhole]);
}

#[test]
fn what_a_report_lacks_is_a_lower_bound_and_what_has_no_table_a_gap() {
    let mut members = county(None, &THREE);
    members.push(member("滕州市财政局", COUNTY.0, COUNTY.1, None));
    members.push(Member { figures: None, ..member("滕州市司法局", COUNTY.0, COUNTY.1, None) });
    let rolled_up = of_county(&members);
    let sum = rolled_up.cells.iter().find(|sum| sum.id.as_str() == "requests.received.total").unwrap();
    assert_eq!((sum.sum, sum.is_exact), (Some(Decimal::from(7)), false));
    assert_eq!((sum.contributors, sum.lacking), (3, 2));
    let gap = Gap {
        agency: "滕州市司法局".into(),
        region: Some(COUNTY.0.into()),
        key: Some("滕州市司法局".into()),
        counted_below: 0,
    };
    assert_eq!(rolled_up.gaps, [gap]);
}

#[test]
fn the_other_form_is_carried_over_where_it_means_the_same() {
    let mut members = county(None, &THREE);
    let old = Form::get(FormId::F2019);
    members[0].figures = Some(Figures::new(old.id, old.cells().iter().map(|_| Some(Decimal::TEN))));
    let rolled_up = of_county(&members);
    assert_eq!(received(&rolled_up), Some(Decimal::from(14)));
    let sum = |id: &str| *rolled_up.cells.iter().find(|sum| sum.id.as_str() == id).unwrap();
    assert_eq!(sum("active.licensing.decisions").sum, Some(Decimal::TEN));
    assert_eq!(sum("active.normative_documents.in_force").lacking, 1);
    assert_eq!(sum("requests.other.misc.total").lacking, 1);
    assert_eq!(rolled_up.doubts[0].kind, DoubtKind::OtherForm(26));
    // 其他处理 is not known, so 总计 cannot be checked.
    let unchecked = rolled_up.balance.iter().filter(|(_, sums)| sums.hold().is_none());
    assert!(unchecked.map(|(equation, _)| equation.id).any(|id| id == report::EquationId::OutcomesAddUp));
    assert!(rolled_up.balance.iter().any(|(_, sums)| sums.hold() == Some(false)));
}

#[test]
fn two_reports_of_one_agency_count_once() {
    let mut members = county(None, &THREE);
    let mut second = member("滕州市公安局", COUNTY.0, COUNTY.1, Some(5));
    (second.key, second.original, second.submitted) =
        ("second".into(), "second".into(), report::Date::new(2025, 1, 3).ok());
    members.push(second);
    let rolled_up = of_county(&members);
    assert_eq!(received(&rolled_up), Some(Decimal::from(9)));
    assert_eq!(rolled_up.doubts[0].kind, DoubtKind::Repeated(2));
}

#[test]
fn a_line_of_work_that_covers_those_below_is_doubted() {
    let mut members = county(None, &THREE);
    let mut police = member("枣庄市公安局", "370400", "山东省枣庄市", Some(30));
    police.scopes = vec!["全市".into()];
    members.push(police);
    let region = Region { code: "370400".into(), name: "山东省枣庄市".into() };
    let rolled_up = roll_up(None, &members, &region, year()).unwrap();
    assert_eq!(received(&rolled_up), Some(Decimal::from(37)));
    assert_eq!(rolled_up.doubts[0].kind, DoubtKind::MayOverlap("滕州市公安局".into()));
}

#[test]
fn agencies_outside_the_roster_are_listed_and_not_counted() {
    let csv =
        "机关名称,区划代码,口径\n滕州市人民政府,370481,汇总\n滕州市公安局,370481,\n滕州市教育局,370481,\n";
    let roster = Roster::parse(csv).unwrap();
    let mut members = county(Some(3), &THREE);
    members.push(Member { region: None, ..member("某市民政局", "", "", Some(9)) });
    let region = Region { code: COUNTY.0.into(), name: COUNTY.1.into() };
    let rolled_up = roll_up(Some(&roster), &members, &region, year()).unwrap();
    assert_eq!(received(&rolled_up), Some(Decimal::from(7)));
    assert_eq!(rolled_up.doubts[0].kind, DoubtKind::NotOnRoster);
    assert_eq!(rolled_up.unplaced, 1);
    assert_eq!(rolled_up.whole.unwrap().scope, Some((Scope::Whole, ScopeSource::Roster)));
}

#[test]
fn before_there_was_a_form_there_is_nothing_to_add_up() {
    let region = Region { code: COUNTY.0.into(), name: COUNTY.1.into() };
    assert_eq!(roll_up(None, &[], &region, Year::new(2018).unwrap()), None);
    let empty = roll_up(None, &[], &region, year()).unwrap();
    assert!(empty.cells.iter().all(|sum| sum.sum.is_none() && !sum.is_exact));
}
