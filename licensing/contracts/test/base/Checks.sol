// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What a test expects, and what it found where that differs
abstract contract Checks {
    error Differ(string what, uint256 found, uint256 expected);
    error DifferInWords(string what, bytes32 found, bytes32 expected);
    error Above(string what, uint256 found, uint256 most);
    error False(string what);

    function same(uint256 found, uint256 expected, string memory what) internal pure {
        if (found != expected) revert Differ(what, found, expected);
    }

    function same(address found, address expected, string memory what) internal pure {
        if (found != expected) revert Differ(what, uint160(found), uint160(expected));
    }

    function same(bytes32 found, bytes32 expected, string memory what) internal pure {
        if (found != expected) revert DifferInWords(what, found, expected);
    }

    function atMost(uint256 found, uint256 most, string memory what) internal pure {
        if (found > most) revert Above(what, found, most);
    }

    function holds(bool condition, string memory what) internal pure {
        if (!condition) revert False(what);
    }

    /// @dev Folds any value into `least..most`, both included.
    function within(uint256 value, uint256 least, uint256 most) internal pure returns (uint256) {
        uint256 size = most - least + 1;
        return size == 0 ? value : least + value % size;
    }
}
