//! The buildpack `kouti/dotnet`: makes an image of a .NET app.

fn main() {
    kouti::main::<kouti_dotnet::Dotnet>();
}
