//! The bill of materials in the form of CycloneDX 1.6.

use anyhow::Result;
use serde_json::{Value, json};

use super::Release;
use super::components::{Component, Kind};

/// Writes the bill of materials of the release with these components; the same release gives the same bytes.
pub(super) fn write(release: &Release, components: &[Component]) -> Result<String> {
    let url = format!("pkg:generic/gouji@{}", release.version);
    let all: Vec<Value> = components.iter().map(component).collect();
    let mut dependencies = vec![json!({
        "ref": url,
        "dependsOn": components.iter().filter(|one| is_direct(one, components)).map(Component::url).collect::<Vec<_>>(),
    })];
    dependencies.extend(components.iter().map(|one| json!({"ref": one.url(), "dependsOn": one.depends_on})));
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": url,
                "purl": url,
                "name": "gouji",
                "version": release.version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
                "properties": [
                    {"name": "gouji:commit", "value": release.commit},
                    {"name": "gouji:architecture", "value": release.architecture},
                ],
            },
        },
        "components": all,
        "dependencies": dependencies,
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&bill)?))
}

/// Whether nothing else brings it in.
fn is_direct(component: &Component, all: &[Component]) -> bool {
    let url = component.url();
    !all.iter().any(|other| other.depends_on.contains(&url))
}

fn component(component: &Component) -> Value {
    let url = component.url();
    let mut value = json!({
        "type": "library",
        "bom-ref": url,
        "purl": url,
        "name": component.name,
        "version": component.version,
    });
    if let Some(licence) = &component.licence {
        value["licenses"] = json!([{"expression": licence}]);
    } else if component.kind == Kind::DebianPackage {
        value["licenses"] =
            json!([{"license": {"name": format!("/usr/share/doc/{}/copyright", component.name)}}]);
    }
    if let Some(sum) = &component.sha256 {
        value["hashes"] = json!([{"alg": "SHA-256", "content": sum}]);
    }
    if !component.authors.is_empty() {
        let authors = component.authors.iter().map(|name| json!({"name": name}));
        value["authors"] = Value::Array(authors.collect());
    }
    value
}
