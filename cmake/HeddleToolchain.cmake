# heddle_toolchain_paths(OUTPUT_HEADER): writes a header with the places of the files that programs are linked with.
function(heddle_toolchain_paths template header)
  foreach(file Scrt1.o crti.o crtbeginS.o crtendS.o crtn.o libstdc++.so libm.so libc.so libgcc.a libgcc_s.so.1)
    execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=${file}
      OUTPUT_VARIABLE HEDDLE_${file} OUTPUT_STRIP_TRAILING_WHITESPACE)
  endforeach()
  string(REPLACE ";" "\", \"" HEDDLE_ARCHIVE_NAMES "\"${HEDDLE_ARCHIVE_FILES}\"")
  configure_file(${template} ${header} @ONLY)
endfunction()
