# cmake --install: the headers, and what find_package(rowgrad) needs. Nothing in it depends on the architecture, unless
# rowgrad::compiled is installed with it.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/rowgrad)
set(independent ARCH_INDEPENDENT)
if(ROWGRAD_INSTALL_COMPILED)
  set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/rowgrad)
  set(independent)
endif()
target_include_directories(rowgrad INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
install(DIRECTORY include/rowgrad DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(TARGETS rowgrad EXPORT rowgradTargets)
if(ROWGRAD_INSTALL_COMPILED)
  install(TARGETS rowgrad_compiled EXPORT rowgradTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
install(EXPORT rowgradTargets NAMESPACE rowgrad:: DESTINATION ${package_dir})

configure_package_config_file(cmake/rowgradConfig.cmake.in rowgradConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(rowgradConfigVersion.cmake COMPATIBILITY SameMinorVersion ${independent})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/rowgradConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/rowgradConfigVersion.cmake
        DESTINATION ${package_dir})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
