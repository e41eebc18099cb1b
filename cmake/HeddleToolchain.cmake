# heddle_toolchain_paths(OUTPUT_HEADER): writes a header with the places of the files that programs are linked with.
function(heddle_toolchain_paths template header)
  foreach(file Scrt1.o crti.o crtbeginS.o crtendS.o crtn.o libstdc++.so libm.so libc.so libgcc.a libgcc_s.so.1)
    execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=${file}
      OUTPUT_VARIABLE HEDDLE_${file} OUTPUT_STRIP_TRAILING_WHITESPACE)
  endforeach()
  string(REPLACE ";" "\", \"" HEDDLE_ARCHIVE_NAMES "\"${HEDDLE_ARCHIVE_FILES}\"")
  set(HEDDLE_SANITIZER_ARGUMENTS)
  if(HEDDLE_SANITIZE) # its libraries, as the compiler itself would link them
    execute_process(COMMAND ${CMAKE_CXX_COMPILER} -fsanitize=${HEDDLE_SANITIZE} -x c++ /dev/null -\#\#\#
      OUTPUT_QUIET ERROR_VARIABLE commands COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX MATCHALL "\"[^\"]*libclang_rt[^\"]*\"" HEDDLE_SANITIZER_ARGUMENTS "${commands}")
    list(JOIN HEDDLE_SANITIZER_ARGUMENTS ", " HEDDLE_SANITIZER_ARGUMENTS)
    set(HEDDLE_SANITIZER_ARGUMENTS "\"--whole-archive\", ${HEDDLE_SANITIZER_ARGUMENTS}, \"--no-whole-archive\"")
  endif()
  configure_file(${template} ${header} @ONLY)
endfunction()
