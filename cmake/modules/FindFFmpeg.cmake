# The FFmpeg libraries that decode media files. Defines FFmpeg_FOUND, FFmpeg_VERSION (of libavformat) and FFmpeg::FFmpeg.
find_package(PkgConfig QUIET)
set(FFmpeg_LIBRARIES "")
set(FFmpeg_required "")
foreach(part avformat avcodec swscale swresample avutil)
  if(PkgConfig_FOUND)
    pkg_check_modules(PC_${part} QUIET lib${part})
  endif()
  find_path(FFmpeg_${part}_INCLUDE_DIR NAMES lib${part}/${part}.h HINTS ${PC_${part}_INCLUDE_DIRS})
  find_library(FFmpeg_${part}_LIBRARY NAMES ${part} HINTS ${PC_${part}_LIBRARY_DIRS})
  mark_as_advanced(FFmpeg_${part}_INCLUDE_DIR FFmpeg_${part}_LIBRARY)
  list(APPEND FFmpeg_LIBRARIES "${FFmpeg_${part}_LIBRARY}")
  list(APPEND FFmpeg_required FFmpeg_${part}_LIBRARY FFmpeg_${part}_INCLUDE_DIR)
endforeach()
set(FFmpeg_VERSION "${PC_avformat_VERSION}")

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(FFmpeg REQUIRED_VARS ${FFmpeg_required} VERSION_VAR FFmpeg_VERSION)

if(FFmpeg_FOUND AND NOT TARGET FFmpeg::FFmpeg)
  add_library(FFmpeg::FFmpeg INTERFACE IMPORTED)
  set_target_properties(FFmpeg::FFmpeg PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${FFmpeg_avformat_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "${FFmpeg_LIBRARIES}")
endif()
