# A kernel file as nvcc compiles it, for every architecture at once: an object, and beside it what ptxas says of registers and spills.
function(ogm_cuda_object source object)
  set(options -std=c++20 -O3 -lineinfo "-I${PROJECT_SOURCE_DIR}/include" "-I${PROJECT_SOURCE_DIR}/tests"
      --Werror all-warnings -Xcompiler=-Wall,-Wextra,-Werror -Xptxas -v,-warn-spills,-warn-lmem-usage)
  foreach(architecture IN LISTS OGM_CUDA_ARCHITECTURES)
    if(NOT architecture MATCHES "^([0-9]+[a-z]?)-(real|virtual)$")
      message(FATAL_ERROR "OGM_CUDA_ARCHITECTURES: ${architecture} is not of the form 90-real or 90-virtual")
    endif()
    set(number ${CMAKE_MATCH_1})
    if(CMAKE_MATCH_2 STREQUAL "real")
      list(APPEND options "-gencode=arch=compute_${number},code=sm_${number}")
    else()
      list(APPEND options "-gencode=arch=compute_${number},code=compute_${number}")
    endif()
  endforeach()
  add_custom_command(OUTPUT "${object}" BYPRODUCTS "${object}.log"
    COMMAND "${CMAKE_COMMAND}" "-DLOG=${object}.log" -P "${PROJECT_SOURCE_DIR}/cmake/run_with_log.cmake" --
            "${CUDAToolkit_NVCC_EXECUTABLE}" ${options} -MD -MF "${object}.d" -c "${source}" -o "${object}"
    DEPENDS "${source}" DEPFILE "${object}.d" COMMENT "nvcc ${source}" VERBATIM)
endfunction()
