//! Turns the screens into Rust, with the icons inside and the translations beside them.

fn main() {
    let config = slint_build::CompilerConfiguration::new()
        .with_style("fluent".into())
        .with_bundled_translations("lang")
        .with_default_translation_context(slint_build::DefaultTranslationContext::None)
        .embed_resources(slint_build::EmbedResourcesKind::EmbedFiles)
        // Accessible labels are the test interface; element ids come with it and cost little.
        .with_debug_info(true);
    slint_build::compile_with_config("app.slint", config).expect("the screens compile");
    println!("cargo:rerun-if-changed=lang");
}
