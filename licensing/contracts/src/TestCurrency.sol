// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC3009} from "./interfaces/IERC3009.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title Qanat test dollar
/// @notice Stands in for a stablecoin on a local chain. Anyone may mint, up to a limit for each address.
/// @dev Worth nothing, and so refuses to exist on any other chain.
contract TestCurrency is ERC20, ERC20Permit, IERC3009 {
    uint256 public constant LOCAL_CHAIN_ID = 31_337;
    /// @notice The most an address can be given in all: 100,000 QUSD.
    uint256 public constant FAUCET_LIMIT = 100_000e6;

    bytes32 public constant RECEIVE_WITH_AUTHORIZATION_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    mapping(address account => uint256) public given;
    mapping(address authorizer => mapping(bytes32 nonce => bool)) public override authorizationState;

    error OnlyLocalChain(uint256 chainId);
    error FaucetLimit(address account, uint256 amount, uint256 left);

    error NotThePayee(address payee, address caller);
    error AuthorizationNotYetGood(uint256 validAfter, uint256 timestamp);
    error AuthorizationExpired(uint256 validBefore, uint256 timestamp);
    error AuthorizationIsUsed(address authorizer, bytes32 nonce);
    error NotAuthorized(address authorizer, address signer);

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

    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external override {
        if (msg.sender != to) revert NotThePayee(to, msg.sender);
        if (block.timestamp <= validAfter) revert AuthorizationNotYetGood(validAfter, block.timestamp);
        if (block.timestamp >= validBefore) revert AuthorizationExpired(validBefore, block.timestamp);
        if (authorizationState[from][nonce]) revert AuthorizationIsUsed(from, nonce);
        bytes32 order =
            keccak256(abi.encode(RECEIVE_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce));
        address signer = ECDSA.recover(_hashTypedDataV4(order), v, r, s);
        if (signer != from) revert NotAuthorized(from, signer);
        authorizationState[from][nonce] = true;
        emit AuthorizationUsed(from, nonce);
        _transfer(from, to, value);
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
