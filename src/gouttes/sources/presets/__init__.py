"""The mappings that ship with Gouttes, one TOML file each."""
