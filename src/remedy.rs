//! How to read the key from the environment instead, in the language of the file.

use crate::change::BytePath;

/// The expression that reads the variable `name` in a file like `path`; `None` where the language has none.
pub(crate) fn reference(path: Option<&BytePath>, name: &str) -> Option<String> {
    let path = path?;
    let file = path.name().to_ascii_lowercase();
    let extension = file.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let extension = str::from_utf8(extension).unwrap_or_default();
    Some(match extension {
        "py" | "pyi" | "ipynb" => format!("os.environ[\"{name}\"]"),
        "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" | "vue" | "svelte" => format!("process.env.{name}"),
        "rs" => format!("std::env::var(\"{name}\")"),
        "go" => format!("os.Getenv(\"{name}\")"),
        "rb" | "rake" => format!("ENV.fetch(\"{name}\")"),
        "java" | "kt" | "kts" | "groovy" | "gradle" | "scala" => format!("System.getenv(\"{name}\")"),
        "cs" | "fs" | "vb" => format!("Environment.GetEnvironmentVariable(\"{name}\")"),
        "php" => format!("getenv('{name}')"),
        "pl" | "pm" => format!("$ENV{{{name}}}"),
        "ex" | "exs" => format!("System.fetch_env!(\"{name}\")"),
        "swift" => format!("ProcessInfo.processInfo.environment[\"{name}\"]"),
        "dart" => format!("Platform.environment[\"{name}\"]"),
        "r" => format!("Sys.getenv(\"{name}\")"),
        "ps1" | "psm1" => format!("$env:{name}"),
        "sh" | "bash" | "zsh" | "fish" | "ksh" => format!("\"${name}\""),
        "yml" | "yaml" if path.as_bytes().starts_with(b".github/workflows/") => format!("${{{{ secrets.{name} }}}}"),
        "yml" | "yaml" if memchr::memmem::find(&file, b"compose").is_some() => format!("${{{name}}}"),
        "dockerfile" => format!("${{{name}}}"),
        "tf" | "tfvars" | "hcl" => format!("var.{}", name.to_ascii_lowercase()),
        _ if file == b"dockerfile" => format!("${{{name}}}"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_follow_the_language() {
        for (path, expected) in [
            ("src/pay.py", Some("os.environ[\"API_KEY\"]")),
            ("web/App.TSX", Some("process.env.API_KEY")),
            ("deploy.sh", Some("\"$API_KEY\"")),
            ("main.tf", Some("var.api_key")),
            ("docker/Dockerfile", Some("${API_KEY}")),
            (".github/workflows/ci.yml", Some("${{ secrets.API_KEY }}")),
            ("docker-compose.yml", Some("${API_KEY}")),
            ("k8s/app.yaml", None),
            ("notes.txt", None),
            (".env", None),
        ] {
            assert_eq!(reference(Some(&BytePath::from(path)), "API_KEY").as_deref(), expected, "{path}");
        }
        assert_eq!(reference(None, "API_KEY"), None);
    }
}
