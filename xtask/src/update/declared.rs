//! The families: which feed each product has, how it is proved, and which releases are kept.

use super::model::{Eol, Family, Feed, LineBy, PRODUCT, Product, Proof, Zero};

/// In the order of their names.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        name: "dotnet",
        catalogue: "buildpacks/dotnet/catalog.toml",
        buildpacks: "`kouti/dotnet`",
        products: &[
            dotnet("dotnet-core-aspnet-runtime", "aspnetcore-runtime"),
            dotnet("dotnet-runtime", "dotnet-runtime"),
            dotnet("dotnet-sdk", "dotnet-sdk"),
            paketo("icu", "icu"),
            paketo("vsdbg", "vsdbg"),
        ],
    },
    Family {
        name: "httpd",
        catalogue: "buildpacks/httpd/catalog.toml",
        buildpacks: "`kouti/httpd`",
        products: &[Product { line: LineBy::Minor, ..paketo("httpd", "httpd") }],
    },
    Family {
        name: "java",
        catalogue: "buildpacks/java/catalog.toml",
        buildpacks: "`kouti/java`",
        products: &[
            github("liberica-jdk", "bell-sw/Liberica"),
            github("liberica-jre", "bell-sw/Liberica"),
            temurin("temurin-jdk"),
            temurin("temurin-jre"),
            zulu("zulu-jdk", "jdk"),
            zulu("zulu-jre", "jre"),
            Product { line: LineBy::Minor, previews: true, ..maven("maven") },
            github("mvnd", "apache/maven-mvnd"),
            Product { id: "gradle", feed: Feed::Gradle, zero: Zero::Dropped, ..PRODUCT },
            github("sbt", "sbt/sbt"),
            Product {
                id: "tomcat",
                feed: Feed::Tomcat,
                proof: Proof::Beside(&[".sha512"]),
                line: LineBy::Minor,
                eol: Eol::DataSet("tomcat"),
                ..PRODUCT
            },
            maven("spring-cloud-bindings"),
            Product { zero: Zero::Dropped, ..github("jattach", "jattach/jattach") },
            github("opentelemetry-java", "open-telemetry/opentelemetry-java-instrumentation"),
            github("azure-application-insights-java", "microsoft/ApplicationInsights-Java"),
            Product {
                id: "spring-boot",
                feed: Feed::Lines,
                line: LineBy::Minor,
                eol: Eol::DataSet("spring-boot"),
                ..PRODUCT
            },
        ],
    },
    Family {
        name: "nginx",
        catalogue: "buildpacks/nginx/catalog.toml",
        buildpacks: "`kouti/nginx`",
        products: &[Product {
            line: LineBy::Minor,
            keep: 2,
            eol: Eol::DataSet("nginx"),
            ..paketo("nginx", "nginx")
        }],
    },
    Family {
        name: "nodejs",
        catalogue: "shared/node/catalog.toml",
        buildpacks: "`kouti/nodejs`, `kouti/node-engine`",
        products: &[
            Product {
                id: "node",
                feed: Feed::Node,
                proof: Proof::SignedList {
                    file: "SHASUMS256.txt.asc",
                    keys: include_str!("keys/nodejs.asc"),
                },
                keep: 6,
                eol: Eol::NodeSchedule,
                ..PRODUCT
            },
            npm("npm", "npm"),
            npm("pnpm", "pnpm"),
            npm("berry", "@yarnpkg/cli-dist"),
            Product { keep: 2, ..github("yarn", "yarnpkg/yarn") },
        ],
    },
    Family {
        name: "php",
        catalogue: "buildpacks/php/catalog.toml",
        buildpacks: "`kouti/php`",
        products: &[
            Product {
                id: "composer",
                feed: Feed::Composer,
                proof: Proof::Beside(&[".sha256sum"]),
                keep: 2,
                ..PRODUCT
            },
            Product {
                line: LineBy::Minor,
                keep: 2,
                eol: Eol::DataSet("php"),
                ..paketo("php", "php-dist")
            },
        ],
    },
    Family {
        name: "watchexec",
        catalogue: "buildpacks/watchexec/catalog.toml",
        buildpacks: "`kouti/watchexec`",
        products: &[github("watchexec", "watchexec/watchexec")],
    },
];

/// Every release of each line in support, because `global.json` pins exact versions.
const fn dotnet(id: &'static str, component: &'static str) -> Product {
    Product {
        id,
        feed: Feed::Dotnet { component },
        line: LineBy::Minor,
        lines_of: Some("dotnet-sdk"),
        keep: usize::MAX,
        previews: true,
        eol: Eol::Feed,
        ..PRODUCT
    }
}

const fn paketo(id: &'static str, buildpack: &'static str) -> Product {
    Product { id, feed: Feed::Paketo { buildpack }, ..PRODUCT }
}

const fn github(id: &'static str, repository: &'static str) -> Product {
    Product { id, feed: Feed::GitHub { repository }, ..PRODUCT }
}

const fn temurin(id: &'static str) -> Product {
    let eol = Eol::DataSet("eclipse-temurin");
    Product { eol, ..github(id, "adoptium/temurin{line}-binaries") }
}

const fn zulu(id: &'static str, package: &'static str) -> Product {
    Product { id, feed: Feed::Azul { package }, eol: Eol::DataSet("azul-zulu"), ..PRODUCT }
}

const fn npm(id: &'static str, package: &'static str) -> Product {
    Product { id, feed: Feed::Npm { package }, keep: 6, ..PRODUCT }
}

/// Central has SHA-512 of what Apache publishes, SHA-256 of what newer tools publish.
const fn maven(id: &'static str) -> Product {
    Product { id, feed: Feed::Maven, proof: Proof::Beside(&[".sha512", ".sha256"]), ..PRODUCT }
}
