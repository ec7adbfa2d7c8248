# Run by ctest when it loads the tests: asks a Catch2 program for its test cases and adds each as a test.
# Input: ogm_test_program, ogm_test_prefix. The tags [slow] and [threads] become labels; hidden test cases are left out.
cmake_policy(VERSION 3.25)

# ogm_list_tests(VARIABLE SPEC): the names of the test cases that a Catch2 specification selects, a line each.
function(ogm_list_tests variable spec)
  execute_process(COMMAND "${ogm_test_program}" --list-test-names-only "${spec}" OUTPUT_VARIABLE output RESULT_VARIABLE result)
  if(NOT result MATCHES "^[0-9]+$")   # the exit status is the number of tests
    message(FATAL_ERROR "${ogm_test_program} --list-test-names-only: ${result}")
  endif()
  # Names may hold the characters that structure a CMake list.
  string(REPLACE ";" "<semicolon>" output "${output}")
  string(REPLACE "[" "<bracket>" output "${output}")
  string(REPLACE "]" "<tekcarb>" output "${output}")
  string(REPLACE "\n" ";" output "${output}")
  list(FILTER output EXCLUDE REGEX "^ *$")
  set(${variable} "${output}" PARENT_SCOPE)
endfunction()

if(NOT EXISTS "${ogm_test_program}")
  add_test("${ogm_test_prefix}: not built" "${ogm_test_program}")
  return()
endif()

ogm_list_tests(names "~[.]")
ogm_list_tests(slow "[slow]")
ogm_list_tests(threads "[threads]")
foreach(name IN LISTS names)
  set(labels unit)
  if(name IN_LIST slow)
    list(APPEND labels slow)
  endif()
  if(name IN_LIST threads)
    list(APPEND labels threads)
  endif()
  string(REPLACE "<semicolon>" ";" name "${name}")
  string(REPLACE "<bracket>" "[" name "${name}")
  string(REPLACE "<tekcarb>" "]" name "${name}")
  # What Catch2 reads as syntax in a test specification.
  string(REPLACE "\\" "\\\\" escaped "${name}")
  foreach(character "," "[" "]" "\"" "*")
    string(REPLACE "${character}" "\\${character}" escaped "${escaped}")
  endforeach()
  add_test("${ogm_test_prefix}: ${name}" "${ogm_test_program}" "${escaped}")
  set_tests_properties("${ogm_test_prefix}: ${name}" PROPERTIES LABELS "${labels}" TIMEOUT 900)
endforeach()
