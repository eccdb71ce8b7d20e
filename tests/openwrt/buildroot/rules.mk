# Stands in for the buildroot's rules.mk: what a package's Makefile needs to be read, and to install into $(OUT)/root.
INCLUDE_DIR := $(TOPDIR)/include
INSTALL_DIR := install -d -m 0755
INSTALL_BIN := install -m 0755
INSTALL_DATA := install -m 0644
INSTALL_CONF := install -m 0600
LN := ln -sf
PKG_BUILD_DIR = $(OUT)/build/$(PKG_NAME)-$(PKG_VERSION)
PKG_INSTALL_DIR = $(OUT)/built
RUST_ARCH_DEPENDS := @(aarch64||arm||mips||mipsel||riscv64||x86_64)
