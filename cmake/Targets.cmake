# sk_library(NAME files... LINKS targets...): one static library per folder; what it links is what it may include.
function(sk_library name)
  cmake_parse_arguments(ARG "" "" "LINKS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC ${ARG_LINKS})
endfunction()

function(sk_program name)
  cmake_parse_arguments(ARG "" "" "LINKS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# What the sanitizer presets build: nothing but the tests that they run, with what those need. Data races need threads.
add_custom_target(unit_tests)
add_custom_target(threaded_tests)

# sk_test(NAME files... LINKS targets... [ALONE files...] [LABEL unit|valkey|...] [TIMEOUT seconds] [SERIAL] [THREADS]): one GoogleTest
# program, one ctest entry. ALONE: files with a `Case` or `kCases` of their own beside another's, so that they are not compiled together with the rest.
# THREADS: what it tests has more than one thread.
function(sk_test name)
  cmake_parse_arguments(ARG "SERIAL;THREADS" "LABEL;TIMEOUT" "LINKS;ALONE" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS} ${ARG_ALONE})
  set_source_files_properties(${ARG_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests/bin)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "$<IF:$<BOOL:${ARG_LABEL}>,${ARG_LABEL},unit>" TIMEOUT "$<IF:$<BOOL:${ARG_TIMEOUT}>,${ARG_TIMEOUT},120>"
    ENVIRONMENT "TSAN_OPTIONS=ignore_noninstrumented_modules=1:suppressions=${CMAKE_SOURCE_DIR}/cmake/tsan.supp;ASAN_OPTIONS=detect_leaks=1;LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/lsan.supp")
  if(ARG_TIMEOUT)
    set_tests_properties(${name} PROPERTIES COST ${ARG_TIMEOUT})  # the long ones start first, so that none runs alone at the end
  endif()
  if(NOT ARG_LABEL OR ARG_LABEL STREQUAL "unit")
    add_dependencies(unit_tests ${name})
  endif()
  if(ARG_THREADS)
    add_dependencies(threaded_tests ${name})
    set_property(TEST ${name} APPEND PROPERTY LABELS threads)
  endif()
  if(ARG_SERIAL)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
  endif()
endfunction()
