//! Codes of administrative divisions: which division lies within which.

/// The part of a code that all codes below it begin with: `37` of 370000, `3704` of 370400, nothing of the
/// nation's.
pub(crate) fn significant(code: &str) -> &str {
    match code.len() {
        6 if is_nation(code) => "",
        6 if code.ends_with("0000") => code.get(..2).unwrap_or(code),
        6 if code.ends_with("00") => code.get(..4).unwrap_or(code),
        _ => code,
    }
}

fn is_nation(code: &str) -> bool {
    ["000000", "100000"].contains(&code)
}

/// Whether a division is another one or lies within it.
pub(crate) fn is_within(code: &str, region: &str) -> bool {
    code.starts_with(significant(region))
}

/// The codes above this one, the nearest first. There need not be a division of each: a county may
/// stand right below its province.
pub(crate) fn above(code: &str) -> impl Iterator<Item = String> + '_ {
    [6, 4, 2]
        .into_iter()
        .filter_map(|digits| Some(format!("{:0<6}", code.get(..digits)?)))
        .filter(move |above| above != code)
}

/// The rank of an agency (级别).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// 国务院部门.
    Nation,
    /// 省、自治区、直辖市.
    Province,
    /// 设区的市、自治州、地区、盟.
    City,
    /// 县、县级市、区、旗.
    County,
    /// 乡、镇、街道.
    Township,
}

impl Level {
    /// The level that a code tells.
    pub fn of_code(code: &str) -> Option<Self> {
        match code.len() {
            9 => Some(Self::Township),
            6 if is_nation(code) => Some(Self::Nation),
            6 if code.ends_with("0000") => Some(Self::Province),
            6 if code.ends_with("00") => Some(Self::City),
            6 => Some(Self::County),
            _ => None,
        }
    }

    /// Every rank, the highest first.
    pub const ALL: [Self; 5] = [Self::Nation, Self::Province, Self::City, Self::County, Self::Township];

    /// The name used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nation => "nation",
            Self::Province => "province",
            Self::City => "city",
            Self::County => "county",
            Self::Township => "township",
        }
    }

    /// The rank with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }

    /// Its name for those who review reports.
    pub fn title(self) -> &'static str {
        match self {
            Self::Nation => "国家级",
            Self::Province => "省级",
            Self::City => "市级",
            Self::County => "县级",
            Self::Township => "乡级",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_within_what() {
        for (code, region, expected) in [
            ("370402", "370400", true),
            ("370400", "370400", true),
            ("130532202", "130532", true),
            ("370502", "370400", false),
            ("370000", "370400", false),
        ] {
            assert_eq!(is_within(code, region), expected, "{code} in {region}");
        }
        assert_eq!(above("130532202").collect::<Vec<_>>(), ["130532", "130500", "130000"]);
        assert_eq!(above("370400").collect::<Vec<_>>(), ["370000"]);
        assert_eq!(above("370000").count(), 0);
    }
}
