# oneDNN by its header and library. The package's own configuration file is avoided because it demands OpenCL headers
# that nothing here uses. GNU OpenMP comes along: oneDNN's threads are set through the run time that it was built with,
# which must be that very library under clang too.
#
# Defines OneDNN_FOUND, OneDNN_VERSION and OneDNN::OneDNN.
find_path(OneDNN_INCLUDE_DIR NAMES dnnl.h)
find_library(OneDNN_LIBRARY NAMES dnnl)
find_library(OneDNN_GOMP_LIBRARY NAMES libgomp.so.1 gomp HINTS ${CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES})
mark_as_advanced(OneDNN_INCLUDE_DIR OneDNN_LIBRARY OneDNN_GOMP_LIBRARY)

set(OneDNN_VERSION "")
foreach(header oneapi/dnnl/dnnl_version.h dnnl_version.h)
  if(OneDNN_INCLUDE_DIR AND NOT OneDNN_VERSION AND EXISTS "${OneDNN_INCLUDE_DIR}/${header}")
    file(STRINGS "${OneDNN_INCLUDE_DIR}/${header}" lines REGEX "define DNNL_VERSION_(MAJOR|MINOR|PATCH) +[0-9]+")
    string(REGEX REPLACE "[^0-9;]" "" numbers "${lines}")
    string(REPLACE ";" "." OneDNN_VERSION "${numbers}")
  endif()
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OneDNN REQUIRED_VARS OneDNN_LIBRARY OneDNN_INCLUDE_DIR OneDNN_GOMP_LIBRARY VERSION_VAR OneDNN_VERSION)

if(OneDNN_FOUND AND NOT TARGET OneDNN::OneDNN)
  add_library(OneDNN::OneDNN UNKNOWN IMPORTED)
  set_target_properties(OneDNN::OneDNN PROPERTIES
    IMPORTED_LOCATION "${OneDNN_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${OneDNN_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "${OneDNN_GOMP_LIBRARY}")
endif()
