# How this project compiles its own tests, examples and benchmarks. Nothing here reaches a user of the libraries.

add_library(ogm_dev INTERFACE)
target_compile_options(ogm_dev INTERFACE -Wall -Wextra -Wpedantic)
if(OGM_WERROR)
  target_compile_options(ogm_dev INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 warns about its own AVX-512 intrinsics once Eigen has inlined them.
  target_compile_options(ogm_dev INTERFACE -Wno-maybe-uninitialized -Wno-uninitialized -Wno-array-bounds -Wno-stringop-overflow)
endif()
if(OGM_NATIVE)
  target_compile_options(ogm_dev INTERFACE -march=native)
endif()
if(OGM_SANITIZE)
  target_compile_options(ogm_dev INTERFACE -fsanitize=${OGM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(ogm_dev INTERFACE -fsanitize=${OGM_SANITIZE})
endif()

# Programs may use JSON, command-line and xtensor headers; the libraries may not.
find_package(nlohmann_json QUIET)
find_package(CLI11 QUIET)
find_package(Catch2 QUIET)
find_package(benchmark QUIET)

# ogm_program(NAME SOURCES...): one program of this project, linked with both libraries. Its sources share most of what they instantiate,
# so several are compiled together.
function(ogm_program name)
  add_executable(${name} ${ARGN})
  set_target_properties(${name} PROPERTIES UNITY_BUILD ${OGM_UNITY} UNITY_BUILD_BATCH_SIZE 8)
  target_link_libraries(${name} PRIVATE avqa::avqa ogm_dev)
  target_compile_definitions(${name} PRIVATE "OGM_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\"")
  foreach(part nlohmann_json::nlohmann_json xtensor)
    if(TARGET ${part})
      target_link_libraries(${name} PRIVATE ${part})
    endif()
  endforeach()
endfunction()
