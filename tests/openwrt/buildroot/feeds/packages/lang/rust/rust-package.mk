# Stands in for the feeds' rust-package.mk: how cargo is called, with the package's own words where they go.
CARGO_PKG_PROFILE:=release

define Build/Compile/Cargo
	cargo install --profile $(CARGO_PKG_PROFILE) --root $(PKG_INSTALL_DIR) --locked $(if $(RUST_PKG_FEATURES),--features "$(RUST_PKG_FEATURES)") \
		--path "$(PKG_BUILD_DIR)/$(or $(1),$(MAKE_PATH))" $(2)
endef

define RustBinPackage
endef

Build/Compile = $(call Build/Compile/Cargo)
