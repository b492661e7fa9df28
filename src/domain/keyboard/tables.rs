//! What each key types, by layout. Rows go as keys lie on an ISO keyboard, left to right and top to bottom: the key under
//! Escape, digits to the key before Backspace, the row of Q, the row of A with the key before Enter, the key beside the
//! left Shift, the row of Z. A space stands where a key types nothing that is looked for.

use super::KeyboardLayout;

/// One layout.
pub(super) struct Table {
    pub layout: KeyboardLayout,
    /// What the keys type by themselves.
    pub plain: &'static str,
    /// What they type with Shift.
    pub shifted: &'static str,
    /// Those of them that wait for a letter to put an accent on.
    pub dead: &'static str,
}

/// The table of a layout; `None` for [`KeyboardLayout::Auto`].
pub(super) fn table(layout: KeyboardLayout) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.layout == layout)
}

const TABLES: [Table; 23] = [
    Table {
        layout: KeyboardLayout::Us,
        plain: r"`1234567890-=qwertyuiop[]asdfghjkl;'\<zxcvbnm,./",
        shifted: r#"~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|>ZXCVBNM<>?"#,
        dead: "",
    },
    Table {
        layout: KeyboardLayout::Gb,
        plain: r"`1234567890-=qwertyuiop[]asdfghjkl;'#\zxcvbnm,./",
        shifted: r#"¬!"£$%^&*()_+QWERTYUIOP{}ASDFGHJKL:@~|ZXCVBNM<>?"#,
        dead: "",
    },
    Table {
        layout: KeyboardLayout::FrAzerty,
        plain: r#"²&é"'(-è_çà)=azertyuiop^$qsdfghjklmù*<wxcvbn,;:!"#,
        shifted: "~1234567890°+AZERTYUIOP¨£QSDFGHJKLM%µ>WXCVBN?./§",
        dead: "^¨",
    },
    Table {
        layout: KeyboardLayout::BeAzerty,
        plain: r#"²&é"'(§è!çà)-azertyuiop^$qsdfghjklmùµ<wxcvbn,;:="#,
        shifted: "³1234567890°_AZERTYUIOP¨*QSDFGHJKLM%£>WXCVBN?./+",
        dead: "^¨",
    },
    Table {
        layout: KeyboardLayout::DeQwertz,
        plain: "^1234567890ß´qwertzuiopü+asdfghjklöä#<yxcvbnm,.-",
        shifted: r#"°!"§$%&/()=?`QWERTZUIOPÜ*ASDFGHJKLÖÄ'>YXCVBNM;:_"#,
        dead: "^´`",
    },
    Table {
        layout: KeyboardLayout::ChQwertz,
        plain: "§1234567890'^qwertzuiopü¨asdfghjklöä$<yxcvbnm,.-",
        shifted: r#"°+"*ç%&/()=?`QWERTZUIOPè!ASDFGHJKLéà£>YXCVBNM;:_"#,
        dead: "^`¨",
    },
    Table {
        layout: KeyboardLayout::Es,
        plain: "º1234567890'¡qwertyuiop`+asdfghjklñ´ç<zxcvbnm,.-",
        shifted: r#"ª!"·$%&/()=?¿QWERTYUIOP^*ASDFGHJKLÑ¨Ç>ZXCVBNM;:_"#,
        dead: "`^´¨",
    },
    Table {
        layout: KeyboardLayout::Pt,
        plain: r"\1234567890'«qwertyuiop+´asdfghjklçº~<zxcvbnm,.-",
        shifted: r##"|!"#$%&/()=?»QWERTYUIOP*`ASDFGHJKLÇª^>ZXCVBNM;:_"##,
        dead: "´`~^",
    },
    Table {
        layout: KeyboardLayout::Br,
        plain: r"'1234567890-=qwertyuiop´[asdfghjklç~]\zxcvbnm,.;",
        shifted: r#""!@#$%¨&*()_+QWERTYUIOP`{ASDFGHJKLÇ^}|ZXCVBNM<>:"#,
        dead: "¨´`~^",
    },
    Table {
        layout: KeyboardLayout::It,
        plain: r"\1234567890'ìqwertyuiopè+asdfghjklòàù<zxcvbnm,.-",
        shifted: r#"|!"£$%&/()=?^QWERTYUIOPé*ASDFGHJKLç°§>ZXCVBNM;:_"#,
        dead: "",
    },
    Table {
        layout: KeyboardLayout::Cz,
        plain: r";+ěščřžýáíé=´qwertzuiopú)asdfghjklů§¨\yxcvbnm,.-",
        shifted: r#"°1234567890%ˇQWERTZUIOP/(ASDFGHJKL"!'|YXCVBNM?:_"#,
        dead: "°´ˇ¨",
    },
    Table {
        layout: KeyboardLayout::Sk,
        plain: r";+ľščťžýáíé=´qwertzuiopúäasdfghjklô§ň\yxcvbnm,.-",
        shifted: r#"°1234567890%ˇQWERTZUIOP/(ASDFGHJKL"!)|YXCVBNM?:_"#,
        dead: "°´ˇ",
    },
    Table {
        layout: KeyboardLayout::Hu,
        plain: "0123456789öüóqwertzuiopőúasdfghjkléáűíyxcvbnm,.-",
        shifted: r#"§'"+!%/=()ÖÜÓQWERTZUIOPŐÚASDFGHJKLÉÁŰÍYXCVBNM?:_"#,
        dead: "",
    },
    Table {
        layout: KeyboardLayout::Tr,
        plain: r#""1234567890*-qwertyuıopğüasdfghjklşi,<zxcvbnmöç."#,
        shifted: "é!'^+%&/()=?_QWERTYUIOPĞÜASDFGHJKLŞİ;>ZXCVBNMÖÇ:",
        dead: "",
    },
    Table {
        layout: KeyboardLayout::Ua,
        plain: "'1234567890-=йцукенгшщзхїфівапролджєґ/ячсмитьбю.",
        shifted: r#"ʼ!"№;%:?*()_+ЙЦУКЕНГШЩЗХЇФІВАПРОЛДЖЄҐ|ЯЧСМИТЬБЮ,"#,
        dead: "",
    },
    Table {
        layout: KeyboardLayout::Ru,
        plain: r"ё1234567890-=йцукенгшщзхъфывапролджэ\/ячсмитьбю.",
        shifted: r#"Ё!"№;%:?*()_+ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭ/|ЯЧСМИТЬБЮ,"#,
        dead: "",
    },
    Table {
        layout: KeyboardLayout::Latam,
        plain: "|1234567890'¿qwertyuiop´+asdfghjklñ{}<zxcvbnm,.-",
        shifted: r##"°!"#$%&/()=?¡QWERTYUIOP¨*ASDFGHJKLÑ[]>ZXCVBNM;:_"##,
        dead: "´¨",
    },
    Table {
        layout: KeyboardLayout::Hr,
        plain: "¸1234567890'+qwertzuiopšđasdfghjklčćž<yxcvbnm,.-",
        shifted: r##"¨!"#$%&/()=?*QWERTZUIOPŠĐASDFGHJKLČĆŽ>YXCVBNM;:_"##,
        dead: "¸¨",
    },
    Table {
        layout: KeyboardLayout::TrF,
        plain: "+1234567890/-fgğıodrnhpqwuieaütkmlyşx<jövcçzsb.,",
        shifted: r#"*!"^$%&'()=?_FGĞIODRNHPQWUİEAÜTKMLYŞX>JÖVCÇZSB:;"#,
        dead: "^",
    },
    // Shift with W gives Σ too, and so Σ is W or S: see `undo`.
    Table {
        layout: KeyboardLayout::Gr,
        plain: r"`1234567890-=;ςερτυθιοπ[]ασδφγηξκλ´'\«ζχψωβνμ,./",
        shifted: r#"~!@#$%^&*()_+: ΕΡΤΥΘΙΟΠ{}ΑΣΔΦΓΗΞΚΛ¨"|»ΖΧΨΩΒΝΜ<>?"#,
        dead: "´¨",
    },
    // The ligatures of lam stand for one key each; some systems type them as two letters: see `undo`.
    Table {
        layout: KeyboardLayout::Ara,
        plain: "ذ1234567890-=ضصثقفغعهخحجدشسيبلاتنمكط\\|ئءؤرﻻىةوزظ",
        shifted: "\u{651}!@#$%^&*)(_+\u{64E}\u{64B}\u{64F}\u{64C}ﻹإ`÷×؛<>\u{650}\u{64D}][ﻷأـ،/:\"…¦~\u{652}}{ﻵآ',.؟",
        dead: "",
    },
    Table {
        layout: KeyboardLayout::Il,
        plain: r";1234567890-=/'קראטוןםפ][שדגכעיחלךף,\ זסבהנמצתץ.",
        shifted: r#"~!@#$%^&*)(_+QWERTYUIOP}{ASDFGHJKL:"| ZXCVBNM><?"#,
        dead: "",
    },
    Table {
        layout: KeyboardLayout::Dvorak,
        plain: r"`1234567890[]',.pyfgcrl/=aoeuidhtns-\ ;qjkxbmwvz",
        shifted: r#"~!@#$%^&*(){}"<>PYFGCRL?+AOEUIDHTNS_| :QJKXBMWVZ"#,
        dead: "",
    },
];
