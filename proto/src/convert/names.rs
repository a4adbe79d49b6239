//! Enumerations. Their value 0, "unspecified", is a field that was never written, and decodes to an error.

use super::ConvertError;
use crate::v1;

/// Decodes a value of an enumeration, if this version knows it.
pub(super) fn known<Wire, Model>(field: &str, value: i32) -> Result<Model, ConvertError>
where
    Wire: TryFrom<i32>,
    Model: TryFrom<Wire>,
{
    Wire::try_from(value)
        .ok()
        .and_then(|name| Model::try_from(name).ok())
        .ok_or_else(|| ConvertError::unknown(field, value))
}

/// Converts between an enumeration of the wire and one of the model with the same variants; `=` gives the name
/// of the latter if it differs.
macro_rules! same_names {
    ($name:ident { $($value:ident),+ }) => {
        same_names!($name = $name { $($value),+ });
    };
    ($name:ident = $model:ident { $($value:ident),+ }) => {
        impl From<report::$model> for v1::$name {
            fn from(value: report::$model) -> Self {
                match value {
                    $(report::$model::$value => Self::$value,)+
                }
            }
        }

        impl TryFrom<v1::$name> for report::$model {
            type Error = ConvertError;

            fn try_from(value: v1::$name) -> Result<Self, ConvertError> {
                match value {
                    v1::$name::Unspecified => Err(ConvertError::unknown(stringify!($name), 0)),
                    $(v1::$name::$value => Ok(Self::$value),)+
                }
            }
        }
    };
}

same_names!(CellState { Read, Blank, Placeholder, Unreadable, Missing, Derived, Doubtful });
same_names!(Doubt {
    Covered,
    Overlapping,
    SameColour,
    Faint,
    Tiny,
    Clipped,
    Struck,
    Hidden,
    Raised,
    Fraction,
    Reordered,
    OtherShape,
    Generated,
    Formatted,
    SeveralFigures,
    Unconfirmed
});
same_names!(Judgement { Fails, Unknown });
same_names!(NoteKind {
    ColumnAbsent,
    RowWithoutFigures,
    RowShifted,
    RowCut,
    RowAbsent,
    TableAbsent,
    FigureCount,
    AlignmentChosen,
    RowRepeated,
    ForeignRow,
    HeadingAltered,
    LabelOutdated,
    MoneyUnit,
    GroupFigure
});
same_names!(Relation { Is, Above, Below });
same_names!(RemarkKind {
    Citation,
    Period,
    Theme,
    Fee,
    AllConcluded,
    Scope,
    Hole,
    Doubled,
    Artefact,
    Torn,
    Personal,
    Parts,
    Published,
    Stranger,
    Empty,
    Remedy,
    Lost,
    OtherReport,
    Overlong
});
same_names!(SectionKind { Overview, Active, Requests, Litigation, Problems, Other });
same_names!(Severity { Info, Warning, Error });
same_names!(Verdict { Pass, Warn, Fail });
same_names!(YearSource = Source { Title, Period, Narrative, FileName, Signature, Page });
