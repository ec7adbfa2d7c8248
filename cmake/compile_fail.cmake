# cmake -DCOMPILER= -DFLAGS= -DSOURCE= -P compile_fail.cmake
# Succeeds if SOURCE does not compile and the compiler's output has every sentence that SOURCE's "// error:" lines name.
file(READ "${SOURCE}" text)

# CMake breaks the lines of an error's text; a notice stays as it is.
macro(ogm_wrong text)
  message(NOTICE "${SOURCE}: ${text}")
  message(FATAL_ERROR "this compile-fail test does not hold")
endmacro()

execute_process(COMMAND "${COMPILER}" "@${FLAGS}" "${SOURCE}" OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
# A compiler shows the source line it complains about, and so may show the comment too: only its own lines count.
string(REGEX REPLACE "\n[ 0-9]*\\|[^\n]*" "" output "${output}")

set(sentences 0)
while(text MATCHES "^// error: ([^\n]+)\n(.*)$")
  set(sentence "${CMAKE_MATCH_1}")
  set(text "${CMAKE_MATCH_2}")
  math(EXPR sentences "${sentences} + 1")
  string(FIND "${output}" "${sentence}" place)
  if(result EQUAL 0)
    ogm_wrong("it compiles, but must not. Expected: ${sentence}")
  elseif(place EQUAL -1)
    ogm_wrong("the compiler did not say: ${sentence}\nIt said:\n${output}")
  endif()
endwhile()
if(sentences GREATER 0 AND text MATCHES "^// ?([^\n]*)")
  ogm_wrong("a comment follows its sentences, as if one were broken over two lines: ${CMAKE_MATCH_1}")
endif()
if(sentences EQUAL 0)
  ogm_wrong("its first line names no sentence; write // error: <sentence>")
endif()
message(STATUS "${SOURCE}: ${sentences} sentence(s) found")
