# Configures, builds and runs the consumer project from nothing; tests/CMakeLists.txt passes the variables.
file(REMOVE_RECURSE ${BINARY_DIR})
set(program main.cpp)
set(expected "sum 10\n")
if(COMPILED)
  set(program ${ROWGRAD_SOURCE_DIR}/tests/link/compiled.cpp)
  set(expected "")
endif()
set(options --no-warn-unused-cli -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${COMPILER}
            -DWAY=${WAY} -DCOMPILED=${COMPILED} -DPROGRAM=${program} -DROWGRAD_SOURCE_DIR=${ROWGRAD_SOURCE_DIR})
if(EIGEN)
  list(APPEND options -DFETCHCONTENT_SOURCE_DIR_EIGEN3=${EIGEN})
endif()
if(WAY STREQUAL "find_package")
  # What a user types, where no package but Eigen is to be had and nothing can be downloaded.
  set(unavailable -DFETCHCONTENT_FULLY_DISCONNECTED=ON)
  foreach(package IN ITEMS doctest CLI11 benchmark)
    list(APPEND unavailable -DCMAKE_DISABLE_FIND_PACKAGE_${package}=ON)
  endforeach()
  if(COMPILED)
    list(APPEND unavailable -DROWGRAD_INSTALL_COMPILED=ON -DCMAKE_BUILD_TYPE=Debug)  # not optimised, to save minutes
  endif()
  execute_process(COMMAND ${CMAKE_COMMAND} --no-warn-unused-cli -S ${ROWGRAD_SOURCE_DIR} -B ${BINARY_DIR}/rowgrad
                          -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${COMPILER} ${unavailable}
                  COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${CMAKE_COMMAND} --build ${BINARY_DIR}/rowgrad COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${CMAKE_COMMAND} --install ${BINARY_DIR}/rowgrad --prefix ${BINARY_DIR}/prefix
                  COMMAND_ERROR_IS_FATAL ANY)
  list(APPEND options -DCMAKE_PREFIX_PATH=${BINARY_DIR}/prefix)
  if(NOT COMPILED)  # asked for where it was not installed, it is missed when the consumer is configured
    execute_process(COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${BINARY_DIR}/missed ${options} -DCOMPILED=ON
                    RESULT_VARIABLE result ERROR_VARIABLE error OUTPUT_QUIET)
    string(REGEX REPLACE "[ \n]+" " " error "${error}")
    if(result EQUAL 0 OR NOT error MATCHES "ROWGRAD_INSTALL_COMPILED=ON")
      message(FATAL_ERROR "find_package(rowgrad COMPONENTS compiled) should name what is missing, and said '${error}'")
    endif()
  endif()
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${BINARY_DIR}/build ${options}
                COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${BINARY_DIR}/build COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${BINARY_DIR}/build/consumer OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
if(NOT output STREQUAL expected)
  message(FATAL_ERROR "The consumer should print '${expected}', and printed '${output}'")
endif()
