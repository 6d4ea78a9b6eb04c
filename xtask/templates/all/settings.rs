//! What the user can set: one constant for each variable, as `Setting::build("BP_…", "default", "help")`.

use kouti::setting::Declared;

pub(crate) const ALL: &[Declared] = &[];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptor_lists_the_same_settings() {
        let descriptor = include_str!("../buildpack.toml");
        assert_eq!(kouti::setting::descriptor_differences(descriptor, ALL), [""; 0]);
    }
}
