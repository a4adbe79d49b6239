//! The fields of the index in a cluster.

use report::{Form, FormId};
use serde_json::{Map, Value, json};

use super::ClusterSettings;
use crate::document::Field;
use crate::stored::Part;

/// Written into the mapping of the index. A change of the mapping or of the analyzer counts up, so that the index is
/// rebuilt from the log.
pub(crate) const VERSION: &str = "cluster schema 1, analyzer 3";

/// Fields that a mapping may have: two for each cell, and forty more.
const MAX_FIELDS: usize = 1_000;
/// Columns that a search may read of each report: two for each cell, and a dozen more.
const MAX_COLUMNS: usize = 600;
/// Reports that a walk reads at once; the cluster refuses more than this.
pub(super) const MAX_WINDOW: usize = 10_000;
/// The cluster does not take a report with a longer name in a column, of at most four bytes a character; such a name
/// is not found by itself, and the report by everything else.
const MAX_NAME_CHARS: usize = 8_191;

/// The parts, by the name of their fields.
pub(super) const PARTS: [(Part, &str); 6] = [
    (Part::Card, "part_card"),
    (Part::History, "part_history"),
    (Part::Acts, "part_acts"),
    (Part::Fact, "part_fact"),
    (Part::Compared, "part_compared"),
    (Part::Text, "part_text"),
];

/// The field of a part.
pub(super) fn part_field(part: Part) -> &'static str {
    PARTS.iter().find(|(one, _)| *one == part).map_or("", |(_, name)| name)
}

/// The name of a cell below `cells` and `marks`: a point would make an object of it.
pub(super) fn cell_name(cell: report::CellId) -> String {
    cell.as_str().replace('.', "/")
}

/// The field of a cell.
pub(super) fn cell_field(field: Field, cell: report::CellId) -> String {
    format!("{}.{}", field.as_str(), cell_name(cell))
}

/// The index of reports.
pub(super) fn reports(settings: &ClusterSettings) -> Value {
    let cells = || {
        let mut cells = Map::new();
        for form in FormId::ALL {
            for cell in Form::get(form).cells() {
                cells.insert(cell_name(*cell), json!({"type": "long"}));
            }
        }
        json!({"dynamic": "strict", "properties": cells})
    };
    let name = json!({"type": "keyword", "ignore_above": MAX_NAME_CHARS});
    let column = json!({"type": "keyword", "index": false, "ignore_above": MAX_NAME_CHARS});
    let number = json!({"type": "long"});
    let phrases = json!({"type": "text", "analyzer": "whitespace", "index_phrases": true});
    let mut properties = Map::new();
    let mut add = |fields: &[Field], kind: &Value| {
        for field in fields {
            properties.insert(field.as_str().to_owned(), kind.clone());
        }
    };
    add(
        &[
            Field::Key,
            Field::Id,
            Field::Province,
            Field::City,
            Field::County,
            Field::Region,
            Field::Agency,
            Field::Verdict,
            Field::Form,
            Field::Rule,
            Field::Finding,
            Field::Severity,
            Field::Withdrawn,
            Field::Review,
            Field::Assignee,
            Field::OpenFinding,
        ],
        &name,
    );
    add(&[Field::Original, Field::Current, Field::Place, Field::Scope], &column);
    add(
        &[
            Field::Version,
            Field::Submitted,
            Field::Year,
            Field::Published,
            Field::Due,
            Field::Since,
            Field::Open,
            Field::Rounded,
        ],
        &number,
    );
    add(&[Field::Title, Field::Text, Field::RegionName, Field::AgencyName], &phrases);
    add(&[Field::Cells, Field::Marks], &cells());
    for (_, name) in PARTS {
        properties.insert(name.to_owned(), json!({"type": "binary"}));
    }
    let phrases = [Field::Title, Field::Text, Field::RegionName, Field::AgencyName].map(Field::as_str);
    json!({
        "settings": {
            "number_of_shards": settings.shards,
            "number_of_replicas": settings.replicas,
            "refresh_interval": "1s",
            // The parts are compressed before they are stored.
            "index.codec": "default",
            "index.mapping.total_fields.limit": MAX_FIELDS,
            "index.max_docvalue_fields_search": MAX_COLUMNS,
            "index.max_result_window": MAX_WINDOW,
            "index.translog.durability": "request",
        },
        "mappings": {
            "dynamic": "strict",
            "_meta": {"gouji": VERSION},
            "_source": {"excludes": phrases},
            "properties": properties,
        },
    })
}

/// The index of what only the writer reads.
pub(super) fn state(settings: &ClusterSettings) -> Value {
    let unread = json!({"type": "keyword", "index": false, "doc_values": false});
    json!({
        "settings": {
            "number_of_shards": 1,
            "number_of_replicas": settings.replicas,
            // Its documents are read by their ids alone, for which no refresh is needed.
            "refresh_interval": "60s",
            "index.translog.durability": "request",
        },
        "mappings": {
            "dynamic": "strict",
            "_meta": {"gouji": VERSION},
            "properties": {"payload": unread, "keys": unread},
        },
    })
}

/// The first field of the wanted mapping that the found one lacks or has otherwise.
pub(super) fn difference(wanted: &Value, found: &Value) -> Option<String> {
    let Some(wanted) = wanted.as_object() else { return None };
    for (name, value) in wanted {
        // `dynamic` comes back as a text whichever way it was set.
        let other = found.get(name);
        let differs = match value {
            Value::Object(_) => match other {
                Some(other) => difference(value, other).map(|inner| format!("{name}.{inner}")),
                None => Some(name.clone()),
            },
            value => (other != Some(value)).then(|| name.clone()),
        };
        if differs.is_some() {
            return differs;
        }
    }
    None
}
