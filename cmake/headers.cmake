# OGM_HEADERS: every header of include/, as it is written in an #include, without those that need a part that is absent.
# A header needs a part if it includes that part's header outside of any #if.
set(ogm_headers_of_part
  "ONEDNN:dnnl" "SNDFILE:sndfile\\.h" "ZLIB:zlib\\.h" "STB:stb/" "FFMPEG:libav" "MPI:mpi\\.h" "CUDA:cu(da|blas|dnn)[A-Za-z_]*\\.h" "XTENSOR:xtensor/|xtl/")

file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/include/*.hpp")
list(SORT headers)
set(OGM_HEADERS "")
foreach(header IN LISTS headers)
  set(keep TRUE)
  if(header MATCHES "^(ogm|avqa)/cuda/" AND NOT OGM_HAS_CUDA)   # tests/cuda has them compiled alone, too
    set(keep FALSE)
  endif()
  foreach(pair IN LISTS ogm_headers_of_part)
    string(REGEX MATCH "^([A-Z]+):(.+)$" unused "${pair}")
    set(part "${CMAKE_MATCH_1}")
    set(pattern "${CMAKE_MATCH_2}")
    if(NOT OGM_HAS_${part})
      file(STRINGS "${PROJECT_SOURCE_DIR}/include/${header}" needs REGEX "^#include <(${pattern})")
      if(needs)
        set(keep FALSE)
      endif()
    endif()
  endforeach()
  if(keep)
    list(APPEND OGM_HEADERS "${header}")
  endif()
endforeach()
