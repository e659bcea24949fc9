// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title Roles by one manager, for good
/// @dev OpenZeppelin's base lets the manager name another in its place. Here it cannot: whoever read whose word a
///      contract obeys has read it for ever. Roles still change hands within the manager.
abstract contract FixedAuthority is AccessManaged {
    address private immutable _authority;

    /// The authority cannot be exchanged.
    error AuthorityIsFixed(address authority);

    constructor(address authority_) AccessManaged(authority_) {
        _authority = authority_;
    }

    function authority() public view override returns (address) {
        return _authority;
    }

    function setAuthority(address) public view override {
        revert AuthorityIsFixed(_authority);
    }
}
