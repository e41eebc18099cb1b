# What every target of the project shares: warnings, sanitizers, ccache.

find_program(CCACHE ccache)
if(CCACHE)
  # Paths below the sources count as relative ones: what one clone has compiled another need not.
  set(launcher env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

add_compile_options(-Wall -Wextra -Wno-unused-parameter -ffunction-sections -fdata-sections)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  add_link_options(-fuse-ld=lld)
endif()
if(HEDDLE_SANITIZE)
  add_compile_options(-fsanitize=${HEDDLE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${HEDDLE_SANITIZE})
endif()

# heddle_library(NAME SOURCES... [LINK LIBS...]): a static library of the project.
function(heddle_library name)
  cmake_parse_arguments(ARG "" "" "LINK;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# heddle_mlir_library(NAME SOURCES... [LINK LIBS...] [DEPENDS TARGETS...]): one that uses MLIR, as a shared library.
function(heddle_mlir_library name)
  heddle_library(${name} ${ARGN})
  target_link_libraries(${name} PUBLIC MLIR LLVM)
endfunction()
