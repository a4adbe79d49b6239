//! AGG-05: figures far from those of all agencies of the same kind and level.

use std::collections::BTreeMap;

use report::{CellId, Decimal, Finding, FormId, Year};
use rules::agg::AGG_05;

use crate::division::Level;
use crate::name::{self, Rank};
use crate::{Figures, Findings, Member, fails};

/// Figures that peers have alike. Those of single reasons are too small to compare.
const COMPARED: [&str; 8] = [
    "requests.received.total",
    "requests.carried_out.total",
    "review.total",
    "direct_litigation.total",
    "active.licensing.decisions",
    "active.penalty.decisions",
    "active.coercion.decisions",
    "active.fees.amount",
];

/// Fewer peers tell nothing.
const PEERS: usize = 8;
/// How many spreads from the median are far. Figures of agencies are skewed: the busiest of twenty has
/// five times the median.
const FAR: u32 = 10;
/// The spread is at least this, so that 30 among zeros is not far.
const LEAST_SPREAD: u32 = 10;

type Peers = (Year, FormId, Level, &'static str);

/// Who stands out among its peers.
pub fn stand_out(members: &[Member]) -> Findings {
    let mut groups: BTreeMap<Peers, Vec<(&Member, &Figures)>> = BTreeMap::new();
    for member in members {
        if let Some((peers, figures)) = peers(member).zip(member.figures.as_ref()) {
            groups.entry(peers).or_default().push((member, figures));
        }
    }
    let mut findings = Findings::new();
    for ((_, _, level, kind), group) in groups.into_iter().filter(|(_, group)| group.len() >= PEERS) {
        let typical: Vec<Typical> = COMPARED.iter().filter_map(|id| typical(id, &group)).collect();
        for (member, figures) in group {
            if let Some(finding) = judge(figures, &typical, level, kind) {
                findings.entry(member.key.clone()).or_default().push(finding);
            }
        }
    }
    findings
}

/// With whom a report is compared. Governments are not: one counts its county, another its office.
fn peers(member: &Member) -> Option<Peers> {
    let region = member.region.as_ref()?;
    let folded = name::fold(member.agency.as_deref()?);
    let core = name::core(&folded, Some(region));
    let level = Level::of_code(&region.code)?;
    let kind = name::kind(&folded, &core)?;
    let is_comparable = name::rank(&core) != Rank::Government || level == Level::Township;
    Some((member.year?, member.figures.as_ref()?.form().id, level, kind)).filter(|_| is_comparable)
}

/// What peers have in one cell.
struct Typical {
    id: CellId,
    peers: usize,
    median: Decimal,
    spread: Decimal,
}

fn typical(id: &str, group: &[(&Member, &Figures)]) -> Option<Typical> {
    let id = CellId::parse(id).ok()?;
    let values: Vec<Decimal> = group.iter().filter_map(|(_, figures)| figures.value(id)).collect();
    if values.len() < PEERS {
        return None;
    }
    let peers = values.len();
    let median = median(values.clone())?;
    let deviation = self::median(values.iter().map(|value| value.saturating_sub(median).abs()).collect())?;
    let spread = deviation.max(median / Decimal::from(4)).max(Decimal::from(LEAST_SPREAD));
    Some(Typical { id, peers, median, spread })
}

/// The middle value, of an even number the lower one.
pub(crate) fn median(mut values: Vec<Decimal>) -> Option<Decimal> {
    let middle = values.len().checked_sub(1)? / 2;
    Some(*values.select_nth_unstable(middle).1)
}

fn judge(figures: &Figures, typical: &[Typical], level: Level, kind: &str) -> Option<Finding> {
    let far = |typical: &&Typical| {
        let distance = figures.value(typical.id)?.saturating_sub(typical.median).abs();
        Some(distance > typical.spread.saturating_mul(Decimal::from(FAR)))
    };
    let far: Vec<&Typical> = typical.iter().filter(|typical| far(typical) == Some(true)).collect();
    let first = far.first()?;
    let value = figures.value(first.id)?;
    let table = first.id.table().short_title();
    let rest = if far.len() > 1 { format!("同类情形共{}格。", far.len()) } else { String::new() };
    let what = format!(
        "{table}{}为{}，同年度{}个{}{kind}的中位数为{}，相差悬殊。{rest}",
        figures.form().place(first.id),
        value.normalize(),
        first.peers,
        level.title(),
        first.median.normalize(),
    );
    let finding = fails(&AGG_05, far.iter().map(|typical| typical.id).collect(), what);
    Some(Finding { left: Some(value), right: Some(first.median), ..finding })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::county::member;

    /// Reports of county bureaus by the requests they received; expected are those that stand out.
    fn check(name: &str, received: &[u32], expected: &[u32]) {
        let member = |(number, received): (usize, &u32)| Member {
            key: received.to_string(),
            ..member(
                &format!("城{number}县{name}"),
                &format!("3704{:02}", number + 1),
                &format!("山东省枣庄市城{number}县"),
                Some(*received),
            )
        };
        let members: Vec<Member> = received.iter().enumerate().map(member).collect();
        let found: Vec<u32> = stand_out(&members).into_keys().map(|key| key.parse().unwrap()).collect();
        assert_eq!(found, expected, "{name} {received:?}");
    }

    #[test]
    fn who_is_far_from_all_peers_stands_out() {
        check("公安局", &[3, 4, 5, 6, 7, 8, 9, 5000], &[5000]);
        check("公安局", &[3, 4, 5, 6, 7, 8, 9, 100], &[]);
        check("公安局", &[0, 0, 0, 0, 0, 0, 0, 0, 111], &[111]);
        check("公安局", &[300, 400, 500, 600, 700, 800, 900, 0], &[]);
        check("公安局", &[300, 400, 500, 600, 700, 800, 900, 2900], &[2900]);
        // Too few peers, no kind, no common scope.
        check("公安局", &[3, 4, 5, 6, 7, 8, 5000], &[]);
        check("地震局", &[3, 4, 5, 6, 7, 8, 9, 5000], &[]);
        check("人民政府", &[3, 4, 5, 6, 7, 8, 9, 5000], &[]);
    }

    #[test]
    fn the_message_names_both_sides() {
        let members: Vec<Member> = (0..9)
            .map(|number| {
                member(
                    &format!("城{number}县公安局"),
                    &format!("37040{number}"),
                    &format!("山东省枣庄市城{number}县"),
                    Some(if number == 8 { 900 } else { 2 }),
                )
            })
            .collect();
        let found: Vec<String> =
            stand_out(&members).into_values().flatten().map(|finding| finding.message).collect();
        assert_eq!(
            found,
            [
                "表三“一、本年新收政府信息公开申请数量”行“总计”列为900，同年度8个县级公安机关的中位数为2，相差悬殊。\
              请核实该数字是否填错位置、单位或者多写了数位。"
            ]
        );
    }
}
