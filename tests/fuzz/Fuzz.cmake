# sk_fuzz(NAME target.cc SOURCES files... [LIBRARIES names...]): builds the libFuzzer binary NAME and adds a test of that name, label
# "fuzz": ten seconds from the seeds in corpus/NAME on. What it finds stays in the build folder (fuzz/NAME); a crash is in fuzz/NAME-crashes
# and is repeated by `NAME <that file>`. Put the file into corpus/NAME when it is fixed.
find_program(SHARDKEEPER_CLANGXX NAMES clang++ clang++-14 clang++-16 clang++-19)
if(NOT SHARDKEEPER_CLANGXX)
  message(FATAL_ERROR "the fuzz targets need clang++: run `tools/setup test`, or configure with -DSHARDKEEPER_FUZZ=OFF")
endif()

# -fno-sanitize-recover: undefined behaviour ends the run like a crash does.
set(SK_FUZZ_FLAGS -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g -O1)
set(SK_FUZZ_COMPILE_FLAGS -std=c++20 -Wall -Wextra -Werror -I${CMAKE_SOURCE_DIR})

# Sets `result` to the object of `source`, which is compiled once for all targets.
function(sk_fuzz_object result source)
  cmake_path(ABSOLUTE_PATH source NORMALIZE)
  cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE name)
  string(REPLACE / _ name ${name})
  set(object ${CMAKE_CURRENT_BINARY_DIR}/objects/${name}.o)
  set(${result} ${object} PARENT_SCOPE)
  get_property(known GLOBAL PROPERTY SK_FUZZ_OBJECTS)
  if(object IN_LIST known)
    return()
  endif()
  set_property(GLOBAL APPEND PROPERTY SK_FUZZ_OBJECTS ${object})
  add_custom_command(OUTPUT ${object}
    COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${SHARDKEEPER_CLANGXX} ${SK_FUZZ_FLAGS} ${SK_FUZZ_COMPILE_FLAGS} -MMD -MT ${object} -MF ${object}.d -c ${source} -o ${object}
    DEPENDS ${source} DEPFILE ${object}.d VERBATIM COMMENT "Compiling ${name} for fuzzing")
endfunction()

function(sk_fuzz name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
  set(seeds ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
  file(GLOB any_seed ${seeds}/*)
  if(NOT any_seed)
    message(FATAL_ERROR "${name}: no seeds in ${seeds}")
  endif()
  set(objects)
  foreach(source ${ARG_UNPARSED_ARGUMENTS} ${ARG_SOURCES})
    sk_fuzz_object(object ${source})
    list(APPEND objects ${object})
  endforeach()
  set(binary ${CMAKE_BINARY_DIR}/tests/bin/${name})
  list(TRANSFORM ARG_LIBRARIES PREPEND -l)
  add_custom_command(OUTPUT ${binary}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/tests/bin
    COMMAND ${SHARDKEEPER_CLANGXX} ${SK_FUZZ_FLAGS} ${objects} ${ARG_LIBRARIES} -o ${binary}
    DEPENDS ${objects} VERBATIM COMMENT "Linking ${name}")
  add_custom_target(${name} ALL DEPENDS ${binary})

  # libFuzzer writes into the first folder and only reads the second one.
  set(found ${CMAKE_BINARY_DIR}/fuzz/${name})
  file(MAKE_DIRECTORY ${found} ${found}-crashes)
  add_test(NAME ${name} COMMAND ${binary} -max_total_time=10 -max_len=65536 -rss_limit_mb=512 -timeout=5 -verbosity=1 -print_final_stats=1
    -artifact_prefix=${found}-crashes/ ${found} ${seeds})
  set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 60 ENVIRONMENT "ASAN_OPTIONS=detect_leaks=1;UBSAN_OPTIONS=print_stacktrace=1")
endfunction()
