//===- main.cpp - where a compiled program begins -------------------------===//
//
// Linked with the object that the compiler generated, which defines the symbols of abi/kernel.h. Run, it does
// what its user types; opened with dlopen, nothing runs until the host asks through heddle_api_get.
//
//===----------------------------------------------------------------------===//

#include "runtime/api/Api.h"
#include "runtime/verbs/Verbs.h"

heddle::ProgramImage heddle::linkedProgram(const std::string &path) {
  ProgramImage image;
  image.path = path;
  image.description = {heddle_description, heddle_description_size};
  image.descriptionHash = heddle_description_hash;
  image.tables = {heddle_kernel_tables, heddle_kernel_table_count};
  if (&heddle_check_table_count)
    image.checkTables = {heddle_check_tables, heddle_check_table_count};
  return image;
}

extern "C" [[gnu::visibility("default"), gnu::used, gnu::retain]] const heddle_api_table *
heddle_api_get(uint32_t version) {
  return version >= 1 && version <= HEDDLE_API_VERSION ? &heddle::apiTable() : nullptr;
}

int main(int argc, char **argv) {
  heddle::ProgramImage image = heddle::linkedProgram("/proc/self/exe");
  return heddle::runProgram(image, argc, argv);
}
