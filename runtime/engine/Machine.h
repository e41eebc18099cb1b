//===- Machine.h - where programs compute -----------------------*- C++ -*-===//

#ifndef HEDDLE_RUNTIME_ENGINE_MACHINE_H
#define HEDDLE_RUNTIME_ENGINE_MACHINE_H

#include "runtime/engine/Executor.h"
#include "runtime/support/Error.h"

#include <functional>
#include <memory>
#include <string_view>

namespace heddle {

/// A device is not there, will not do, or has failed. Another machine may do the work.
class DeviceError : public Error {
public:
  using Error::Error;
};

/// The processor, or a device.
class Machine {
public:
  virtual ~Machine() = default;

  /// What the user knows it by: "cpu", or the device's name.
  virtual std::string_view name() const = 0;

  /// The entries, kernels and caches that it works with.
  virtual const format::Program &planOf(const Program &program) const { return program.description(); }

  /// Bytes that an arena should have at most.
  virtual uint64_t largestArena() const = 0;

  /// Bytes of a device's memory that are taken now.
  virtual uint64_t deviceBytes() const { return 0; }

  /// An executor on this machine, with room for `capacity` tokens, a multiple of the program's
  /// cache_multiple. The program and this must outlive it. Throws Error, before anything is allocated, when
  /// caches and `arenaEstimate` bytes will not fit its memory; DeviceError when the machine is a device and
  /// cannot run the program.
  virtual std::unique_ptr<Executor> makeExecutor(const Program &program, uint64_t capacity,
                                                 uint64_t arenaEstimate) = 0;

  /// Where there is one, gives the machine to go on with after an error of this one, or null.
  std::function<Machine *(const DeviceError &error)> successor;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_ENGINE_MACHINE_H
