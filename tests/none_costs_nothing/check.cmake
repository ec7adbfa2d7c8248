# cmake -DBY_HAND= -DOBJECT= -DNM= -DCXXFILT= -DSIZE= -P check.cmake
# Succeeds if OBJECT holds no function of modulation or of probes, and is at most a tenth larger than BY_HAND.
cmake_policy(VERSION 3.25)

# ogm_functions(VARIABLE OBJECT): the names of the functions of ogm in an object, without results and parameters.
function(ogm_functions variable object)
  execute_process(COMMAND "${NM}" --defined-only --format=posix "${object}" COMMAND "${CXXFILT}" -p OUTPUT_VARIABLE output
                  COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX REPLACE "[][;]" "_" output "${output}")   # what structures a CMake list
  string(REPLACE "\n" ";" output "${output}")
  list(FILTER output INCLUDE REGEX "^ogm::.* [tTwW] ")
  list(LENGTH output count)
  if(count LESS 50)
    message(FATAL_ERROR "${object} has ${count} functions of ogm: nothing can be said about it")
  endif()
  set(${variable} "${output}" PARENT_SCOPE)
endfunction()
# ogm_bytes(VARIABLE OBJECT): of code and constants.
function(ogm_bytes variable object)
  execute_process(COMMAND "${SIZE}" "${object}" OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCH "\n *([0-9]+)" unused "${output}")
  set(${variable} "${CMAKE_MATCH_1}" PARENT_SCOPE)
endfunction()

ogm_functions(functions "${OBJECT}")
ogm_functions(of_hand "${BY_HAND}")
list(REMOVE_ITEM functions ${of_hand})
set(wrong FALSE)
set(named "")
foreach(pair "modulation|^ogm::modulation::|^ogm::loss_set<" "probes|probe|masked_logits" "masks|scaled_rows|tapped|upload")
  string(REGEX MATCH "^([a-z]+)\\|(.+)$" unused "${pair}")
  set(what "${CMAKE_MATCH_1}")
  set(pattern "${CMAKE_MATCH_2}")
  foreach(function IN LISTS functions)
    # A member of the engine names its policy: only its own name counts, after the arguments of its class.
    string(REGEX REPLACE "^ogm::training_step<.*, ogm::optim::sgd>::" "step::" name "${function}")
    string(REGEX REPLACE "(<.*| [tTwW] .*)" "" name "${name}")
    if(name MATCHES "${pattern}" AND NOT name IN_LIST named)
      list(APPEND named "${name}")
      message(NOTICE "code of ${what}: ${name}")
      set(wrong TRUE)
    endif()
  endforeach()
endforeach()

ogm_bytes(bytes "${OBJECT}")
ogm_bytes(bytes_of_hand "${BY_HAND}")
math(EXPR percent "100 * ${bytes} / ${bytes_of_hand} - 100")
message(NOTICE "${bytes} bytes, ${bytes_of_hand} by hand: ${percent} % larger than by hand")
if(wrong OR percent GREATER 10)
  message(FATAL_ERROR "this object holds code of modulation, or too much code")
endif()
