# stb_image's header and the library that holds its one definition. Defines Stb_FOUND and Stb::Stb.
# Include it as <stb/stb_image.h>, without STB_IMAGE_IMPLEMENTATION.
find_path(Stb_INCLUDE_DIR NAMES stb/stb_image.h)
find_library(Stb_LIBRARY NAMES stb)
mark_as_advanced(Stb_INCLUDE_DIR Stb_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Stb REQUIRED_VARS Stb_LIBRARY Stb_INCLUDE_DIR)

if(Stb_FOUND AND NOT TARGET Stb::Stb)
  add_library(Stb::Stb UNKNOWN IMPORTED)
  set_target_properties(Stb::Stb PROPERTIES IMPORTED_LOCATION "${Stb_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${Stb_INCLUDE_DIR}")
endif()
