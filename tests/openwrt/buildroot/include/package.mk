# Stands in for the buildroot's package.mk: `make compile`, and `make package`, which leaves $(OUT)/root and
# $(OUT)/control/*.
define BuildPackage
  $(eval $(call Package/$(1)))
compile:
	$$(Build/Compile)

package:
	$$(shell mkdir -p $$(OUT)/root $$(OUT)/control)
	$$(call Package/$(1)/install,$$(OUT)/root)
	$$(file >$$(OUT)/control/conffiles,$$(Package/$(1)/conffiles))
	$$(file >$$(OUT)/control/prerm-pkg,$$(Package/$(1)/prerm))
	$$(file >$$(OUT)/control/control,Package: $(1))
	$$(file >>$$(OUT)/control/control,Version: $$(PKG_VERSION)-r$$(PKG_RELEASE))
	$$(file >>$$(OUT)/control/control,Depends: $$(DEPENDS))
	$$(file >>$$(OUT)/control/control,License: $$(PKG_LICENSE))
	$$(file >>$$(OUT)/control/control,Section: $$(SECTION))
	$$(file >>$$(OUT)/control/control,Maintainer: $$(PKG_MAINTAINER))
	$$(file >>$$(OUT)/control/control,Architecture: x86_64)
	$$(file >>$$(OUT)/control/control,Description: $$(TITLE))
endef
