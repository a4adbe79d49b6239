//! Reading and judging cost in proportion to the input: twice as much of anything takes at most two and a
//! half times the CPU, whatever it is.

use std::fs;
use std::path::{Path, PathBuf};

use document::{Document, Limits};

/// A base that takes less is doubled: smaller times are mostly noise.
const BASE_SECONDS: f64 = 0.05;

/// Limits end some work early and leave other work, so that costs grow evenly only well beyond them.
const BASE_BYTES: usize = 100 << 10;

/// More than this is refused or is no test of growth any more: limits keep such inputs cheap.
const LARGEST: usize = 3 << 20;

/// The most that twice the input may take.
const RATIO: f64 = 2.5;

/// A machine that does other work disturbs a measurement now and then, and not each time.
const ATTEMPTS: usize = 3;

/// CPU time of this thread.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e9
}

fn cost(work: impl FnOnce()) -> f64 {
    let before = cpu_seconds();
    work();
    cpu_seconds() - before
}

/// The complaint if twice as much takes more than it may. `work` does it this many times over; `size` is
/// the bytes of one.
fn disproportion(name: &str, size: usize, work: &dyn Fn(usize)) -> Option<String> {
    let mut times = 1;
    while times * size < BASE_BYTES || cost(|| work(times)) < BASE_SECONDS {
        times *= 2;
        if times * size > LARGEST {
            return None;
        }
    }
    let ratios = (0..ATTEMPTS).map(|_| {
        let base = cost(|| work(times));
        cost(|| work(2 * times)) / base
    });
    let mut least = f64::MAX;
    for ratio in ratios {
        least = least.min(ratio);
        if least <= RATIO {
            return None;
        }
    }
    Some(format!("{name}: {times} × {size} bytes, and twice as many take {least:.1} × the CPU"))
}

/// Reads and judges a text; that it may be refused is no matter.
fn read_and_judge(text: &str) {
    if let Ok(document) = document::read(text.as_bytes(), &Limits::default()) {
        judge(&document);
    }
}

fn judge(document: &Document) {
    let report = reading::read(document, Some("某县财政局2024年政府信息公开工作年度报告.txt"));
    let _ = reading::recognise(document, &report);
    rules::review(report);
}

const TITLE: &str =
    "某县财政局2024年政府信息公开工作年度报告\n本报告统计期限为2024年1月1日至2024年12月31日。\n";

/// What a text may have much of.
const UNITS: [&str; 44] = [
    "公开政府信息111条，",
    "A1条、",
    "其中",
    "其中动态1条，",
    "公开政府信息12条，其中动态5条、公告7条。",
    "公开政府信息12条，其中动态5条、公告7条。\n",
    "收到政府信息公开申请9件，答复9件，结转1件。",
    "收到政府信息公开申请12件，占33.9%，同比增长5%。\n",
    "（",
    "（）",
    "）",
    "(1件",
    "（其中1件）",
    "一、总体情况\n",
    "一、加强组织领导\n",
    "一、总体情况\n照常。\n二、主动公开政府信息情况\n三、收到和处理政府信息公开申请情况\n",
    "1. 总体情况\n",
    "一、总体情况 ",
    "某县财政局2024年政府信息公开工作年度报告\n",
    "某县财政局2023年政府信息公开工作年度报告\n某县教育局2024年政府信息公开工作年度报告\n",
    "《某县财政局2024年政府信息公开工作年度报告》",
    "2025年1月17日\n",
    "某县财政局\n2025年1月17日\n",
    "发布日期：2025-01-17 ",
    "发布机构：某县财政局\n",
    "某县财政局\n某县教育局\n",
    "请与某县财政局联系，",
    "电话13812345678，",
    "11010519491231002X，",
    "规章\t0\t0\t0\n行政规范性文件\t1\t0\t3\n",
    "一、本年新收政府信息公开申请数量\t1\t0\t0\t0\t0\t0\t1\n",
    "（一）予以公开 | 1 | 0 | 0 | 0 | 0 | 0 | 1 |\n",
    "1.属于国家秘密\n0\n0\n",
    "结果维持\n结果纠正\n其他结果\n尚未审结\n总计\n",
    "一、本年新收政府信息公开申请数量0000000",
    "（国办公开办函〔2021〕30号）",
    "认真认真落实，",
    "公开信息条，",
    "动态15条、核准企业资质条、公告42条、",
    "西安市碑林区，",
    "字",
    "1",
    "2024年",
    " 1",
];

#[test]
fn much_of_anything_costs_in_proportion() {
    let beginnings = ["", "一、总体情况\n", "三、收到和处理政府信息公开申请情况\n"];
    let complaints: Vec<String> = beginnings
        .iter()
        .flat_map(|beginning| UNITS.iter().map(move |unit| (beginning, unit)))
        .filter_map(|(beginning, unit)| {
            let work = |times: usize| read_and_judge(&format!("{TITLE}{beginning}{}", unit.repeat(times)));
            disproportion(&format!("{beginning:?} and {unit:?}"), unit.len(), &work)
        })
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Of the inputs of the fuzzer, so many are enough for a test that runs on each change.
const EACH_OF_CORPUS: usize = 6;

#[test]
fn every_sample_and_input_of_the_fuzzer_many_times_over_costs_in_proportion() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut paths = files(&root.join("samples/reports"));
    assert!(paths.len() > 40, "the samples are there");
    paths.extend(files(&root.join("fuzz/corpus")).into_iter().step_by(EACH_OF_CORPUS));
    let complaints: Vec<String> = paths
        .iter()
        .filter_map(|path| {
            let bytes = fs::read(path).unwrap();
            let document = document::read(&bytes, &Limits::default()).ok()?;
            let work = |times: usize| {
                let blocks = std::iter::repeat_n(&document.blocks, times).flatten().cloned().collect();
                judge(&Document { blocks, ..document.clone() });
            };
            disproportion(&path.display().to_string(), bytes.len().max(64), &work)
        })
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// The files of a folder and of the folders in it, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}
