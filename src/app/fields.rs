//! What stands in the fields: remembered at the first key of what may be a scanner's burst, and put back when it was one.

use slint::{ComponentHandle, SharedString};
use tracepost_ui::{App, ScanData, SearchData, SettingsData, VerdictData};

use super::scan::Scan;

/// The text of every field of the window.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    entry: SharedString,
    picker: SharedString,
    note: SharedString,
    pattern: SharedString,
    footage: SharedString,
    prefix: SharedString,
    suffix: SharedString,
    port: SharedString,
}

impl Fields {
    /// As they are.
    pub fn of(app: &App) -> Self {
        let (scan, settings) = (app.global::<ScanData>(), app.global::<SettingsData>());
        Self {
            entry: scan.get_entry(),
            picker: scan.get_picker_text(),
            note: app.global::<VerdictData>().get_note(),
            pattern: app.global::<SearchData>().get_pattern(),
            footage: settings.get_footage(),
            prefix: settings.get_prefix(),
            suffix: settings.get_suffix(),
            port: settings.get_port(),
        }
    }

    /// Puts them back.
    pub fn put_back(self, app: &App, scan: &Scan) {
        scan.set_entry(&self.entry);
        app.global::<ScanData>().set_picker_text(self.picker);
        app.global::<VerdictData>().set_note(self.note);
        app.global::<SearchData>().set_pattern(self.pattern);
        let settings = app.global::<SettingsData>();
        settings.set_footage(self.footage);
        settings.set_prefix(self.prefix);
        settings.set_suffix(self.suffix);
        settings.set_port(self.port);
    }
}
