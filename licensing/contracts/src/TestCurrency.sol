// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title Qanat test dollar
/// @notice Stands in for a stablecoin on a local chain. Anyone may mint, up to a limit for each address.
/// @dev Worth nothing, and so refuses to exist on any other chain.
contract TestCurrency is ERC20, ERC20Permit {
    uint256 public constant LOCAL_CHAIN_ID = 31_337;
    /// @notice The most an address can be given in all: 100,000 QUSD.
    uint256 public constant FAUCET_LIMIT = 100_000e6;

    mapping(address account => uint256) public given;

    error OnlyLocalChain(uint256 chainId);
    error FaucetLimit(address account, uint256 amount, uint256 left);

    constructor() ERC20("Qanat test dollar", "QUSD") ERC20Permit("Qanat test dollar") {
        if (block.chainid != LOCAL_CHAIN_ID) revert OnlyLocalChain(block.chainid);
    }

    /// @notice Mint `amount` of the smallest unit to an account, within its limit.
    function faucet(address account, uint256 amount) external {
        uint256 left = FAUCET_LIMIT - given[account];
        if (amount > left) revert FaucetLimit(account, amount, left);
        given[account] += amount;
        _mint(account, amount);
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
