fn main() {
    slint_build::compile("app.slint").expect("the screens compile");
}
