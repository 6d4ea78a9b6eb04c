//! What is assumed of an app because of the framework it uses.

use kouti::{Explain, Fault};
use serde::Serialize;

/// A framework: defaults only, each of which a setting can change.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Framework {
    /// As in `BP_PHP_FRAMEWORK`.
    pub(crate) name: &'static str,
    /// Packages that tell it.
    packages: &'static [&'static str],
    /// Document root.
    pub(crate) web_dir: &'static str,
    /// What the app writes to, relative to the app; `<web>` is the document root.
    pub(crate) writable: &'static [&'static str],
}

/// The script that every one of them has in its document root.
pub(crate) const FRONT_CONTROLLER: &str = "index.php";

const ALL: &[Framework] = &[
    Framework {
        name: "laravel",
        packages: &["laravel/framework", "laravel/lumen-framework"],
        web_dir: "public",
        writable: &["storage", "bootstrap/cache"],
    },
    Framework {
        name: "symfony",
        packages: &["symfony/framework-bundle"],
        web_dir: "public",
        writable: &["var"],
    },
    Framework {
        name: "drupal",
        packages: &["drupal/core", "drupal/core-recommended"],
        web_dir: "web",
        writable: &["<web>/sites/default/files"],
    },
    Framework {
        name: "wordpress",
        packages: &["roots/wordpress", "johnpbloch/wordpress"],
        web_dir: "web",
        writable: &["<web>/app/uploads"],
    },
    Framework {
        name: "cakephp",
        packages: &["cakephp/cakephp"],
        web_dir: "webroot",
        writable: &["tmp", "logs"],
    },
    Framework {
        name: "codeigniter",
        packages: &["codeigniter4/framework"],
        web_dir: "public",
        writable: &["writable"],
    },
    Framework {
        name: "yii",
        packages: &["yiisoft/yii2"],
        web_dir: "web",
        writable: &["runtime", "<web>/assets"],
    },
    Framework {
        name: "laminas",
        packages: &["laminas/laminas-mvc", "mezzio/mezzio"],
        web_dir: "public",
        writable: &["data/cache"],
    },
    Framework { name: "slim", packages: &["slim/slim"], web_dir: "public", writable: &[] },
    Framework {
        name: "magento",
        packages: &[
            "magento/product-community-edition",
            "magento/product-enterprise-edition",
            "mage-os/product-community-edition",
        ],
        web_dir: "pub",
        writable: &["var", "generated", "pub/static", "pub/media"],
    },
    Framework {
        name: "typo3",
        packages: &["typo3/cms-core"],
        web_dir: "public",
        writable: &["var", "<web>/typo3temp", "<web>/fileadmin"],
    },
];

/// `WordPress` as it is downloaded, without Composer.
const PLAIN_WORDPRESS: Framework =
    Framework { name: "wordpress", packages: &[], web_dir: "", writable: &["wp-content/uploads"] };

/// A file that only `WordPress` has in its root.
pub(crate) const WORDPRESS_FILE: &str = "wp-load.php";

impl Framework {
    /// `wanted` is the value of `BP_PHP_FRAMEWORK`; `packages` what the app depends on.
    pub(crate) fn choose<'a>(
        wanted: &str,
        packages: impl Iterator<Item = &'a str>,
        is_plain_wordpress: bool,
    ) -> Result<Option<&'static Self>, UnknownFramework> {
        match wanted {
            "none" => Ok(None),
            "auto" | "wordpress" if is_plain_wordpress => Ok(Some(&PLAIN_WORDPRESS)),
            "auto" => {
                let packages: Vec<_> = packages.collect();
                let uses = |framework: &&Self| {
                    framework.packages.iter().any(|package| packages.contains(package))
                };
                Ok(ALL.iter().find(uses))
            }
            name => match ALL.iter().find(|framework| framework.name == name) {
                Some(framework) => Ok(Some(framework)),
                None => Err(UnknownFramework { name: name.to_owned() }),
            },
        }
    }
}

/// `BP_PHP_FRAMEWORK` names none of them.
#[derive(Debug, thiserror::Error)]
#[error("BP_PHP_FRAMEWORK is `{name}`, which is no framework that this buildpack knows")]
pub(crate) struct UnknownFramework {
    name: String,
}

impl Explain for UnknownFramework {
    fn id(&self) -> &'static str {
        "unknown-framework"
    }

    fn fault(&self) -> Fault {
        Fault::App
    }

    fn hints(&self) -> Vec<String> {
        let names: Vec<_> = ALL.iter().map(|framework| framework.name).collect();
        vec![
            format!("it knows {}", names.join(", ")),
            "without it, set BP_PHP_WEB_DIR, BP_PHP_FRONT_CONTROLLER and BP_PHP_WRITABLE_DIRS"
                .to_owned(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(wanted: &str, packages: &[&str], plain: bool) -> Option<&'static str> {
        let framework = Framework::choose(wanted, packages.iter().copied(), plain).unwrap();
        framework.map(|framework| framework.name)
    }

    #[test]
    fn packages_tell_the_framework() {
        assert_eq!(name("auto", &["monolog/monolog", "laravel/framework"], false), Some("laravel"));
        assert_eq!(name("auto", &["symfony/console"], false), None);
        assert_eq!(name("auto", &[], true), Some("wordpress"));
    }

    #[test]
    fn the_setting_decides() {
        assert_eq!(name("none", &["slim/slim"], false), None);
        assert_eq!(name("cakephp", &["slim/slim"], false), Some("cakephp"));
        assert!(Framework::choose("zend", std::iter::empty(), false).is_err());
    }
}
