//! The report as a whole: its title, its dates, its parts and its words.
//!
//! `GOUJI_GENERATE=1 cargo test -p rules` writes this list from the files in `doc/`.

mod doc_01_title_complete;
mod doc_02_years_agree;
mod doc_03_whole_year;
mod doc_04_one_agency;
mod doc_05_published_in_time;
mod doc_06_signed_after_the_year;
mod doc_07_six_parts;
mod doc_08_part_numbers;
mod doc_09_stated_parts;
mod doc_10_tables_present;
mod doc_11_form_of_the_year;
mod doc_12_citations_in_force;
mod doc_13_overview_themes;
mod doc_14_problems_and_measures;
mod doc_15_other_matters;
mod doc_16_published_last_year;
mod doc_17_no_artefacts;
mod doc_18_no_torn_lines;
mod doc_19_nothing_doubled;
mod doc_20_no_personal_data;
mod doc_21_copy_whole;
mod doc_22_one_report;
mod doc_23_passages_judged;

pub use doc_01_title_complete::DOC_01;
pub use doc_02_years_agree::DOC_02;
pub use doc_03_whole_year::DOC_03;
pub use doc_04_one_agency::DOC_04;
pub use doc_05_published_in_time::DOC_05;
pub use doc_06_signed_after_the_year::DOC_06;
pub use doc_07_six_parts::DOC_07;
pub use doc_08_part_numbers::DOC_08;
pub use doc_09_stated_parts::DOC_09;
pub use doc_10_tables_present::DOC_10;
pub use doc_11_form_of_the_year::DOC_11;
pub use doc_12_citations_in_force::DOC_12;
pub use doc_13_overview_themes::DOC_13;
pub use doc_14_problems_and_measures::DOC_14;
pub use doc_15_other_matters::DOC_15;
pub use doc_16_published_last_year::DOC_16;
pub use doc_17_no_artefacts::DOC_17;
pub use doc_18_no_torn_lines::DOC_18;
pub use doc_19_nothing_doubled::DOC_19;
pub use doc_20_no_personal_data::DOC_20;
pub use doc_21_copy_whole::DOC_21;
pub use doc_22_one_report::DOC_22;
pub use doc_23_passages_judged::DOC_23;

use crate::Rule;

/// The rules of the family, by id.
pub(crate) const RULES: &[&Rule] = &[
    &DOC_01, &DOC_02, &DOC_03, &DOC_04, &DOC_05, &DOC_06, &DOC_07, &DOC_08, &DOC_09, &DOC_10, &DOC_11,
    &DOC_12, &DOC_13, &DOC_14, &DOC_15, &DOC_16, &DOC_17, &DOC_18, &DOC_19, &DOC_20, &DOC_21, &DOC_22,
    &DOC_23,
];
