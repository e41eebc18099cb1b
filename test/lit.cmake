# check-lit: every lit test, with the tools of this build.

set(HEDDLE_LLVM_TOOLS ${LLVM_TOOLS_BINARY_DIR})
find_program(HEDDLE_LIT NAMES lit llvm-lit HINTS ${HEDDLE_LLVM_TOOLS} REQUIRED)
configure_file(lit.site.cfg.py.in lit.site.cfg.py @ONLY)
add_custom_target(check-lit
  COMMAND ${HEDDLE_LIT} -sv ${CMAKE_CURRENT_BINARY_DIR}
  USES_TERMINAL)
foreach(tool heddle heddle-opt heddle-elaborate)
  if(TARGET ${tool})
    add_dependencies(check-lit ${tool})
  endif()
endforeach()
add_test(NAME lit COMMAND ${HEDDLE_LIT} -sv ${CMAKE_CURRENT_BINARY_DIR})
