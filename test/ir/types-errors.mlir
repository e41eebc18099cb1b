// RUN: heddle-opt %s --verify-diagnostics --split-input-file

// expected-error @below {{axis 'n' stands twice}}
func.func private @f(!heddle.tensor<n = 2, n = 3>)

// -----

// expected-error @below {{axis 'T' has no size when compiling}}
func.func private @f(!heddle.tensor<T = 4>)

// -----

// expected-error @below {{axis 'n' must have a size}}
func.func private @f(!heddle.tensor<n>)

// -----

// expected-error @below {{axis 'n' has a negative size}}
func.func private @f(!heddle.tensor<n = -4>)

// -----

// expected-error @below {{no format is called 'q3_x'}}
func.func private @f(!heddle.tensor<n = 32 : q3_x>)

// -----

// expected-error @below {{expected an axis}}
func.func private @f(!heddle.tensor<T, 4>)
