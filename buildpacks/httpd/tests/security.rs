//! What nobody may get from a generated configuration, whatever its settings are; asked of the real httpd.

use kouti_testing::attacks;

use crate::site::site;

#[test]
fn nothing_is_given_away_whatever_the_settings_are() {
    attacks::try_all(site, "Apache/");
}
