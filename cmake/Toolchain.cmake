# Compiler settings, one place. Figures behind the choices are in docs/development.md.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)

option(SHARDKEEPER_TESTS "build tests and benchmarks" ON)
option(SHARDKEEPER_STATIC "link gRPC, Protobuf, abseil, OpenSSL and hiredis statically into the shipped binaries" OFF)
option(SHARDKEEPER_FUZZ "build and run the libFuzzer targets with clang++ (not in sanitizer and static builds)" ON)
set(SHARDKEEPER_SANITIZE "" CACHE STRING "sanitizers, as in -fsanitize=")

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths below the source folder are hashed as relative ones, so that another checkout finds what this one compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Werror
  -ffunction-sections -fdata-sections)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 at -O2 reports these falsely for Asio and for optional/variant members, and for Asio's fences under tsan.
  add_compile_options(-Wno-array-bounds -Wno-maybe-uninitialized -Wno-missing-field-initializers)
  if(SHARDKEEPER_SANITIZE STREQUAL "thread")
    add_compile_options(-Wno-tsan)
  endif()
endif()
add_link_options(-Wl,--gc-sections $<$<CONFIG:Release>:-s>)
if(SHARDKEEPER_SANITIZE)
  add_compile_options(-fsanitize=${SHARDKEEPER_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SHARDKEEPER_SANITIZE})
endif()

# Generated and included headers live below these roots; `#include "common/types/slot_set.h"`.
include_directories(${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/proto)
# Asio and Beast are compiled once, in common/net; without these two every file that includes them pays seconds.
add_compile_definitions(BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_BOOST_COROUTINE)
